"""What the panel refuses: each code with its HTTP status and the advice that goes with it."""

from __future__ import annotations

from typing import Any

from delid.core import DelidError, IpcError, PanelError

CODES: dict[str, tuple[int, str]] = {
    "panel.bad_request": (422, "Correct what is named; if the page sent it, reload the page."),
    "panel.no_session": (401, "Log in."),
    "panel.wrong_login": (401, "Try again; names and passwords are case sensitive. An admin can give a new password."),
    "panel.wrong_pin": (403, "Try again. After some wrong PINs the session ends."),
    "panel.role": (403, "Ask somebody with that role, or an admin to give it to you."),
    "panel.scope": (403, "Use a token with that scope."),
    "panel.locked": (403, "Unlock with your PIN. Hold and Stop work meanwhile."),
    "panel.step_up": (403, "Give your PIN, then do it again."),
    "panel.must_change": (403, "Choose a password and a PIN of your own first."),
    "panel.wrong_code": (403, "Use the link that the panel prints when it starts."),
    "panel.foreign": (403, "Open the panel under the address it prints when it starts."),
    "panel.not_found": (404, "Look at the list again; it may have changed."),
    "panel.no_cell_file": (404, "Start the panel with --cell CELL.yaml."),
    "panel.no_ledger": (404, "Add what is missing to the section 'ledger' of the cell file; docs/exports.md shows it."),
    "ledger.no_battery": (404, "Look at the list, or search by the beginning of the code."),
    "panel.method": (405, "See the description of the API."),
    "panel.not_set_up": (409, "Use the link that the panel prints when it starts."),
    "panel.set_up": (409, "Log in; an admin can add users."),
    "panel.not_ready": (409, "Put that right, then hold Start again."),
    "panel.not_allowed": (409, "Wait until the cell is ready for it."),
    "panel.not_held": (409, "Hold Start for 1.5 seconds."),
    "panel.key_reused": (409, "Use a new Idempotency-Key for each request."),
    "panel.unsure": (409, "Look at the cell and the list of what was done, then decide; use a new Idempotency-Key."),
    "panel.done_before": (409, "Ask for a new password or token with a new Idempotency-Key."),
    "panel.exists": (409, "Choose another name."),
    "panel.last_admin": (409, "Make somebody else admin first."),
    "panel.refused": (409, "See the reason, put it right, and try again."),
    "panel.busy": (409, "Wait until the work that goes on is finished."),
    "panel.no_frame": (409, "Wait until the camera shows a picture."),
    "panel.too_large": (413, "Send less at a time."),
    "panel.wrong_type": (415, "Send the content type that is named."),
    "panel.weak": (422, "Choose another."),
    "panel.bad_upload": (422, "Send photographs (JPEG or PNG), or a zip archive of nothing else."),
    "panel.bad_yaml": (422, "Write the recipe plainly: without anchors and aliases, and not deeper than needed."),
    "panel.too_many": (429, "Wait a little, then try again. Hold and Stop are not limited."),
    "panel.locked_out": (429, "Wait, or ask an admin for a new password."),
    "panel.failed": (500, "Look at the panel's log, and send the support bundle."),
    "panel.no_state": (503, "Try again; if it stays, look whether the cell process is running."),
}


def refusal(code: str, message: str, hint: str = "") -> PanelError:
    """The error with this code, and the table's advice unless there is better."""
    return PanelError(message, hint=hint or CODES[code][1], code=code)


def status_of(error: DelidError) -> int:
    """The HTTP status for an error: the table's, 503 where the cell does not answer, 409 for a no with a reason."""
    if isinstance(error, IpcError):
        return 503
    return CODES[error.code][0] if error.code in CODES else 409


def error_body(error: DelidError) -> dict[str, Any]:
    """The answer that carries an error."""
    return {"ok": False, "error": {"code": error.code, "message": error.message, "hint": error.hint}}
