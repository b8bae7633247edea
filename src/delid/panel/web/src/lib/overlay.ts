import type { FrameMeta, PointPx } from "./types";

// Shape tells the kind, line and colour tell the status, so that neither depends on colour alone.
export const COLOUR: Record<string, string> = {
  todo: "#f4f4f4",
  active: "#4fc3f7",
  done: "#b8bcc0",
  failed: "#ff6b5e",
  skipped: "#b8bcc0",
  damage: "#ffb74d",
  outline: "#f4f4f4",
};

type Draw = CanvasRenderingContext2D;

function path(draw: Draw, points: PointPx[], close: boolean): void {
  draw.beginPath();
  points.forEach(([x, y], index) => (index ? draw.lineTo(x, y) : draw.moveTo(x, y)));
  if (close) draw.closePath();
}

/** Draws twice: dark and wide, then light and narrow, so that lines are seen on any background. */
function stroke(draw: Draw, colour: string, width: number): void {
  draw.strokeStyle = "rgba(0, 0, 0, 0.65)";
  draw.lineWidth = width + 2;
  draw.stroke();
  draw.strokeStyle = colour;
  draw.lineWidth = width;
  draw.stroke();
}

function corners(x: number, y: number, radius: number, count: number, turn: number): PointPx[] {
  return Array.from({ length: count }, (_, i) => {
    const angle = turn + (i * 2 * Math.PI) / count;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

function shape(draw: Draw, kind: string, x: number, y: number, radius: number): void {
  if (kind === "nut") path(draw, corners(x, y, radius, 6, 0), true);
  else if (kind === "stripped") path(draw, corners(x, y, radius * 1.2, 3, -Math.PI / 2), true);
  else {
    draw.beginPath();
    draw.arc(x, y, kind === "empty" ? radius * 0.6 : radius, 0, 2 * Math.PI);
  }
}

export function fastener(draw: Draw, kind: string, status: string, x: number, y: number, radius: number): void {
  const colour = COLOUR[status] ?? "#f4f4f4";
  const r = status === "active" ? radius * 1.25 : radius;
  draw.setLineDash(kind === "empty" ? [2, 2] : []);
  shape(draw, kind, x, y, r);
  stroke(draw, colour, status === "active" ? 3 : 1.75);
  draw.setLineDash([]);
  if (status === "active") {
    draw.beginPath();
    draw.arc(x, y, r * 1.7, 0, 2 * Math.PI);
    stroke(draw, colour, 1.5);
  }
  if (status === "done") path(draw, [[x - r * 0.5, y], [x - r * 0.1, y + r * 0.4], [x + r * 0.55, y - r * 0.45]], false);
  if (status === "skipped") path(draw, [[x - r, y + r], [x + r, y - r]], false);
  if (status === "done" || status === "skipped") stroke(draw, colour, 1.5);
  if (status === "failed") {
    for (const d of [-1, 1]) {
      path(draw, [[x - r * 0.6, y - d * r * 0.6], [x + r * 0.6, y + d * r * 0.6]], false);
      stroke(draw, colour, 2);
    }
  }
}

function label(draw: Draw, text: string, x: number, y: number, colour: string): void {
  draw.font = "600 12px system-ui, sans-serif";
  draw.lineWidth = 3;
  draw.strokeStyle = "rgba(0, 0, 0, 0.75)";
  draw.strokeText(text, x, y);
  draw.fillStyle = colour;
  draw.fillText(text, x, y);
}

/** Everything found in the picture, in canvas pixels; `scale` is canvas pixels for each image pixel. */
export function drawOverlay(draw: Draw, meta: FrameMeta, scale: number): void {
  const at = ([x, y]: PointPx): PointPx => [(x + 0.5) * scale, (y + 0.5) * scale];
  if (meta.outline_px?.length) {
    draw.setLineDash([8, 5]);
    path(draw, meta.outline_px.map(at), true);
    stroke(draw, COLOUR.outline ?? "", 1.5);
    draw.setLineDash([]);
  }
  for (const item of meta.fasteners ?? []) {
    const [x, y] = at(item.center_px);
    fastener(draw, item.kind, item.status, x, y, 6);
  }
  for (const item of meta.damage ?? []) {
    const [x0, y0] = at([item.box_px[0], item.box_px[1]]);
    const [x1, y1] = at([item.box_px[2], item.box_px[3]]);
    path(draw, [[x0, y0], [x1, y0], [x1, y1], [x0, y1]], true);
    stroke(draw, COLOUR.damage ?? "", 2);
    label(draw, `${item.kind} ${item.severity.toFixed(2)}`, x0 + 2, y0 > 16 ? y0 - 5 : y1 + 14, COLOUR.damage ?? "");
  }
}
