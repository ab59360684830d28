"""Actions: what an automation does when it fires. One module per action; pure but for ports."""
