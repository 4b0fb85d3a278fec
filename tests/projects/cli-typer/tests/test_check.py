from mdlinks.check import links


def test_links(tmp_path):
    page = tmp_path / "a.md"
    page.write_text("[x](https://example.org/a)")
    assert links(page) == ["https://example.org/a"]
