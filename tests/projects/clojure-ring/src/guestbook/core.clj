(ns guestbook.core
  (:require [guestbook.db :as db]
            [guestbook.pages :as pages]
            [reitit.ring :as reitit]
            [ring.adapter.jetty :as jetty]
            [ring.middleware.params :refer [wrap-params]])
  (:gen-class))

(def app
  (wrap-params
   (reitit/ring-handler
    (reitit/router
     [["/" {:get (fn [_] {:status 200
                          :headers {"Content-Type" "text/html; charset=utf-8"}
                          :body (pages/index (db/entries))})
            :post (fn [{:keys [form-params]}]
                    (db/add! (get form-params "name") (get form-params "text"))
                    {:status 303 :headers {"Location" "/"}})}]
      ["/status" {:get (fn [_] {:status 200 :body "ok"})}]])
    (reitit/create-default-handler))))

(defn -main [& _]
  (let [port (Integer/parseInt (or (System/getenv "PORT") "3000"))]
    (jetty/run-jetty app {:port port :join? true})))
