require "awscr-s3"

module Posterwall
  class Store
    def initialize(@bucket : String, key : String, secret : String)
      @client = Awscr::S3::Client.new("eu-north-1", key, secret)
    end

    def names : Array(String)
      @client.list_objects(@bucket).flat_map(&.contents).map(&.key)
    end

    def put(name : String, body : String)
      @client.put_object(@bucket, name, body)
    end
  end
end
