(ns guestbook.pages
  (:require [hiccup2.core :as h]))

(defn index [entries]
  (str
   (h/html
    [:html
     [:head [:title "Guestbook"]]
     [:body
      [:h1 "Guestbook"]
      [:form {:method "post"}
       [:input {:name "name"}]
       [:textarea {:name "text"}]
       [:button "Sign"]]
      (for [{:entries/keys [name text]} entries]
        [:article [:h2 name] [:p text]])]])))
