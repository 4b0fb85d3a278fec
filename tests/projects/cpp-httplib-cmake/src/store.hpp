#pragma once

#include <string>

struct sqlite3;

class Store {
public:
    explicit Store(const std::string& file);
    ~Store();
    Store(const Store&) = delete;
    int next();

private:
    sqlite3* db_ = nullptr;
};
