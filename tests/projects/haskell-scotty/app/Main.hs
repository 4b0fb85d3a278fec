{-# LANGUAGE OverloadedStrings #-}

module Main (main) where

import Control.Concurrent.STM (atomically, modifyTVar', newTVarIO, readTVarIO)
import Control.Monad.IO.Class (liftIO)
import qualified Data.Map.Strict as Map
import Data.Maybe (fromMaybe)
import Data.Text.Lazy (Text)
import Network.Wai.Middleware.RequestLogger (logStdout)
import System.Environment (lookupEnv)
import Web.Scotty

main :: IO ()
main = do
  port <- maybe 3030 read <$> lookupEnv "PORT"
  title <- fromMaybe "Poll" <$> lookupEnv "POLL_TITLE"
  votes <- newTVarIO (Map.empty :: Map.Map Text Int)
  putStrLn (title <> " is open")
  scotty port $ do
    middleware logStdout
    get "/health" $ text "ok"
    get "/votes" $ liftIO (readTVarIO votes) >>= json
    post "/votes/:choice" $ do
      choice <- pathParam "choice"
      liftIO . atomically $ modifyTVar' votes (Map.insertWith (+) choice 1)
      text "counted"
