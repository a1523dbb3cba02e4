"""Small helpers without knowledge of faces: files, text, tables, threads."""
