threads 1, 4
bind "tcp://0.0.0.0:9393"
