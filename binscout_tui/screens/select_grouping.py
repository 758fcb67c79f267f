"""Making sets without leaving Select."""

from __future__ import annotations

from binscout_tui.capturing.choosing import Option
from binscout_tui.screens.base import dialog
from binscout_tui.screens.select_showing import ShowingSets


class GroupingIntoSets(ShowingSets):
    """Asks for a rule, says what it would make, and makes it when that is wanted."""

    @dialog(description="make sets")
    async def action_group(self) -> None:
        """Make sets of the images that are in none."""
        from binscout_tui.dialogs.confirm import Confirm
        from binscout_tui.dialogs.pick import Pick
        from binscout_tui.selecting import new_sets

        rules = list(new_sets.MEANINGS)

        async def options() -> list[Option]:
            return [Option(number, by, new_sets.MEANINGS[by]) for number, by in enumerate(rules)]

        picked = await self.app.push_screen_wait(Pick("Make sets by", options, asks="a rule: ↑ ↓ and Enter"))
        if picked is None or picked.key is None:
            return
        by = rules[picked.key]
        self.frame.toast(f"Looking what belongs together by {by}…")
        report = await new_sets.would_make(self.ws, by)
        if not report.made:
            self.frame.toast(f"No set would be made by {by}; {len(report.left_out):,} images are in none.", "warning")
        elif await self.app.push_screen_wait(Confirm("Make these sets?", new_sets.question(report), yes="Make")):
            self.frame.toast(new_sets.told(await new_sets.make(self.ws, by)))
            await self._refresh()
