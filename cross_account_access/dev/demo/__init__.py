"""The main job, shown from nothing to healed drift on two emulated AWS accounts."""
