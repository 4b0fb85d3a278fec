create table guests (
    id   uuid primary key,
    name text not null
);
