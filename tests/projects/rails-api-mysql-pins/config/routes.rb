Rails.application.routes.draw do
  get "/up", to: "rails/health#show"
  namespace :v1 do
    resources :passages, only: %i[index create]
  end
end
