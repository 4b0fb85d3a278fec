#include <cstdlib>
#include <iostream>
#include <string>

#include <httplib.h>

#include "store.hpp"

int main() {
    const char* file = std::getenv("QUEUE_DB");
    Store store(file ? file : "queue.db");

    httplib::Server server;
    server.Get("/healthz", [](const httplib::Request&, httplib::Response& res) {
        res.set_content("ok", "text/plain");
    });
    server.Get("/next", [&](const httplib::Request&, httplib::Response& res) {
        res.set_content(std::to_string(store.next()), "text/plain");
    });

    std::cout << "listening on 8095\n";
    return server.listen("0.0.0.0", 8095) ? EXIT_SUCCESS : EXIT_FAILURE;
}
