CREATE TABLE entries (id integer PRIMARY KEY, words text NOT NULL);
