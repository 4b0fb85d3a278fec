package handlers

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
)

func Health(rdb *redis.Client) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := rdb.Ping(c).Err(); err != nil {
			c.JSON(http.StatusServiceUnavailable, gin.H{"redis": err.Error()})
			return
		}
		c.JSON(http.StatusOK, gin.H{"status": "ok"})
	}
}

func Hit(rdb *redis.Client, limit int) gin.HandlerFunc {
	return func(c *gin.Context) {
		key := "hits:" + c.Param("key")
		n, err := rdb.Incr(c, key).Result()
		if err != nil {
			_ = c.AbortWithError(http.StatusBadGateway, err)
			return
		}
		if n == 1 {
			rdb.Expire(c, key, time.Minute)
		}
		c.JSON(http.StatusOK, gin.H{"allowed": int(n) <= limit, "count": n})
	}
}

func Count(rdb *redis.Client) gin.HandlerFunc {
	return func(c *gin.Context) {
		n, _ := rdb.Get(c, "hits:"+c.Param("key")).Int()
		c.JSON(http.StatusOK, gin.H{"count": n})
	}
}
