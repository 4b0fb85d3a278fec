def test_sizes_grow():
    sizes = (64, 256, 1024)
    assert sorted(sizes) == list(sizes)
