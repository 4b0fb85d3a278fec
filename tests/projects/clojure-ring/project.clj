(defproject guestbook "0.5.0"
  :description "A guestbook for the village hall"
  :license {:name "EPL-2.0"}
  :min-lein-version "2.9.0"
  :dependencies [[org.clojure/clojure "1.12.0"]
                 [ring/ring-core "1.13.0"]
                 [ring/ring-jetty-adapter "1.13.0"]
                 [metosin/reitit-ring "0.7.2"]
                 [com.github.seancorfield/next.jdbc "1.3.955"]
                 [org.postgresql/postgresql "42.7.4"]
                 [hiccup "2.0.0-RC4"]]
  :main ^:skip-aot guestbook.core
  :target-path "target/%s"
  :uberjar-name "guestbook-standalone.jar"
  :profiles {:uberjar {:aot :all}
             :dev {:dependencies [[ring/ring-mock "0.4.0"]]}})
