// The recipe editor. It lives in a shadow root, where its styles need no exception from the content policy.
import { autocompletion, completionKeymap, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, linter } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { placeAt } from "./place";
import { at, keysOf, type Schema, valuesOf } from "./schema";

export interface Finding {
  line: number;
  code: string;
  message: string;
  hint: string;
}

export interface EditorOptions {
  label: string;
  schema: Schema;
  check: (text: string) => Promise<Finding[]>;
  changed: (text: string) => void;
}

const CHECK_AFTER_MS = 400;

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--ask)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.string, tags.content], color: "var(--text)" },
]);

const THEME = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--raised)", fontSize: "14px" },
  ".cm-scroller": { fontFamily: "ui-monospace, 'DejaVu Sans Mono', monospace" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--muted)", borderColor: "var(--line)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--ask) 8%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "var(--ask-soft) !important" },
  "&.cm-focused": { outline: "3px solid var(--ask)", outlineOffset: "-3px" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--edge)" },
  ".cm-tooltip-autocomplete ul li": { minHeight: "32px", lineHeight: "32px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--strong)", color: "var(--panel)" },
});

/** Keys and words that the schema allows where the cursor stands. */
export function complete(schema: Schema, context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/[\w-]*$/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const place = placeAt(context.state.sliceDoc(0, context.pos));
  if (place.key) {
    const words = valuesOf(at(schema, [...place.path, place.key], place.beside));
    return { from: word.from, options: words.map((label) => ({ label, type: "enum" })) };
  }
  const found = at(schema, place.path, place.beside);
  const listed = valuesOf(found).map((label) => ({ label, type: "enum" }));
  const keys = keysOf(found, schema).map((offer) => ({
    label: offer.label, apply: `${offer.label}: `, detail: offer.detail, type: "property", boost: offer.required ? 1 : 0,
  }));
  return { from: word.from, options: [...keys, ...listed] };
}

function diagnostics(state: EditorState, findings: Finding[]): Diagnostic[] {
  return findings.map(({ line, code, message, hint }) => {
    const where = state.doc.line(Math.min(Math.max(1, line), state.doc.lines));
    return { from: where.from, to: where.to, severity: "error", source: code, message: hint ? `${message} ${hint}` : message };
  });
}

export function openEditor(parent: HTMLElement, text: string, options: EditorOptions): EditorView {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
  root.replaceChildren();
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        yaml(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        lintGutter(),
        linter(async (view) => diagnostics(view.state, await options.check(view.state.doc.toString())), { delay: CHECK_AFTER_MS }),
        autocompletion({ override: [(context) => complete(options.schema, context)] }),
        syntaxHighlighting(COLOURS),
        THEME,
        EditorView.contentAttributes.of({ "aria-label": options.label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.changed(update.state.doc.toString());
        }),
        keymap.of([...completionKeymap, ...lintKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
      ],
    }),
  });
  view.scrollDOM.tabIndex = 0; // it scrolls, so the keyboard has to reach it
  return view;
}
