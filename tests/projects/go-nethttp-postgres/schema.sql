create table if not exists books (
    isbn  text primary key,
    title text not null
);
