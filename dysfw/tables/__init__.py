"""Tables as people have them: CSV in any dialect and encoding, Excel workbooks, and Parquet; every cell as text."""
