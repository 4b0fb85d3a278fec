(ns guestbook.core-test
  (:require [clojure.test :refer [deftest is]]
            [guestbook.core :refer [app]]
            [ring.mock.request :as mock]))

(deftest status
  (is (= 200 (:status (app (mock/request :get "/status"))))))
