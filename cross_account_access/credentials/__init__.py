"""What consumers need to use their access: sessions, profiles and a page that says it all."""
