#include "store.hpp"

#include <sqlite3.h>

#include <stdexcept>

Store::Store(const std::string& file) {
    if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) throw std::runtime_error("cannot open " + file);
    sqlite3_exec(db_, "create table if not exists tickets (n integer primary key)", nullptr, nullptr, nullptr);
}

Store::~Store() { sqlite3_close(db_); }

int Store::next() {
    sqlite3_exec(db_, "insert into tickets default values", nullptr, nullptr, nullptr);
    return static_cast<int>(sqlite3_last_insert_rowid(db_));
}
