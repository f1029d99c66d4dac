// ApiClient over HTTPS: any Kubernetes API server, ours or a real one, as a kubeconfig describes it.
//
// Runs on one real loop. Refusals come back as the server's Status; lost connections as Unavailable, where the request
// may have taken effect. Retry-After becomes Error::retry_after. Nothing is repeated here: callers observe and decide
// again. Messages about reaching, trusting and being known to the server say what to do (advice.h). Credentials that
// change (token files, exec plugins) are fetched when they are needed; requests wait for them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "client/api_client.h"
#include "client/kubeconfig.h"
#include "runtime/metrics.h"
#include "runtime/real/loop.h"

namespace slipway::client {

// Bounds of one client: a request beyond them is refused here, with the code of a server that does so. And who hears
// what.
struct HttpsOptions {
  std::size_t at_once = 32;        // requests under way; watches are not counted
  std::size_t waiting = 2'000;     // further ones that wait; then TooManyRequests
  std::size_t answer = 64u << 20;  // bytes of an answer; then TooLarge
  std::size_t event = 16u << 20;   // bytes of one watch event
  // A peer that does not even acknowledge is noticed after `dead`. One that acknowledges and says nothing (a proxy
  // whose other side is gone) after `silence`; zero: half a minute after the server had to end the watch. Nothing less
  // is a sign: a watch that began at the newest revision gets no bookmarks while nothing happens (kube-apiserver 1.33,
  // cache_watcher.go, process).
  base::Duration dead = base::seconds(30);
  base::Duration silence = {};
  // Told when this clock and the server's begin to differ by more than a few seconds (clock_skew.h), and with zero when
  // they agree again.
  std::function<void(base::Duration skew)> clock_is_wrong = {};
};

class HttpsClient final : public ApiClient {
 public:
  // Invalid when the connection's URL, proxy or certificates cannot be used; Unauthorized when the client certificate
  // has expired.
  // `metrics`: counts requests there by verb, resource and status code (0: no answer), and those under way.
  static base::Result<std::unique_ptr<HttpsClient>> make(runtime::real::Loop& loop, const Connection& connection,
                                                         runtime::Metrics* metrics = nullptr,
                                                         HttpsOptions options = {});
  ~HttpsClient() override;  // gives up what is under way: no completion runs afterwards

  void call(Request request, Completion done) override;
  [[nodiscard]] std::unique_ptr<WatchHandle> watch(WatchRequest request, WatchSink& sink) override;

  // Any path, as `kubectl get --raw` does: the body of a 2xx answer. `body` not empty: a POST of JSON. `accept`
  // asks for another form of the answer (a Table, aggregated discovery); empty: JSON.
  void raw(std::string path, std::string body, std::move_only_function<void(base::Result<std::string>)> done,
           std::string accept = {});

  // A long text answer (pods/X/log). The sink is not called once the handle is destroyed.
  class TextSink {
   public:
    virtual ~TextSink() = default;
    virtual void data(std::string_view bytes) = 0;
    virtual void ended(base::Result<void> how) = 0;  // once, last
  };
  [[nodiscard]] std::unique_ptr<WatchHandle> follow(std::string path, TextSink& sink);

 private:
  class Impl;
  explicit HttpsClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The path and query of a request, as the API's URLs are built.
std::string url_of(const Request& request);
std::string url_of(const WatchRequest& request);

}  // namespace slipway::client
