<?php
/** Lines of a file, the newest last. */
final class Book
{
    public function __construct(private string $file) {}

    public function add(string $text): void
    {
        $line = trim(preg_replace('/\s+/u', ' ', $text) ?? '');
        if ($line !== '') {
            file_put_contents($this->file, $line . "\n", FILE_APPEND | LOCK_EX);
        }
    }

    /** @return list<string> */
    public function entries(?int $only = null): array
    {
        $lines = is_file($this->file) ? file($this->file, FILE_IGNORE_NEW_LINES) : [];
        return $only === null ? $lines : array_slice($lines, $only - 1, 1);
    }
}
