(ns guestbook.db
  (:require [next.jdbc :as jdbc]))

(def source (delay (jdbc/get-datasource (System/getenv "JDBC_DATABASE_URL"))))

(defn entries []
  (jdbc/execute! @source ["select name, text from entries order by written desc limit 100"]))

(defn add! [name text]
  (jdbc/execute! @source ["insert into entries (name, text) values (?, ?)" name text]))
