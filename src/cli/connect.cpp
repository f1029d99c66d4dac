// The Api over HTTPS: a loop on this thread that runs only while a command waits for something.
#include <cstdlib>
#include <optional>
#include <utility>

#include "cli/api.h"
#include "cli/terminal.h"
#include "client/find.h"
#include "client/https_client.h"
#include "runtime/real/loop.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

// How often a wait looks whether the person pressed Ctrl-C.
constexpr base::Duration kLook = base::milliseconds(50);
// How long a command waits for a server that answers 429.
constexpr base::Duration kBusyPatience = base::minutes(1);

std::string env(const char* name) { return std::getenv(name) ? std::getenv(name) : ""; }

class HttpsApi final : public Api {
 public:
  explicit HttpsApi(const client::Connection& connection) {
    space_ = connection.space, server_ = connection.server;
    user_ = env("USER").empty() ? env("LOGNAME") : env("USER");
  }

  base::Result<void> open(const client::Connection& connection) {
    auto client = client::HttpsClient::make(loop_, connection);
    if (!client) return std::unexpected(std::move(client.error()));
    client_ = std::move(*client);
    return {};
  }
  void use_space(const std::string& space) { space_ = space; }

  // A server that has too much to do says when to come back, and has done nothing.
  base::Result<Value> call(client::Request request) override {
    for (const base::Time since = now();;) {
      auto answer = wait_for<Value>([&](auto done) { client_->call(request, std::move(done)); });
      const bool busy = !answer && answer.error().code == Code::TooManyRequests && answer.error().retry_after;
      if (!busy || now() - since > kBusyPatience || !pause(*answer.error().retry_after)) return answer;
    }
  }

  base::Result<std::string> fetch(const std::string& path, const std::string& accept) override {
    return wait_for<std::string>([&](auto done) { client_->raw(path, "", std::move(done), accept); });
  }

  base::Result<void> stream(const std::vector<std::string>& paths,
                            const std::function<bool(std::size_t, std::string_view)>& data) override {
    Streams streams(*this, paths, data);
    run_until([&] { return streams.over(); });
    return streams.result();
  }

  bool pause(base::Duration duration) override {
    bool over = false;
    const auto timer = loop_.after(duration, [&] { over = true; });
    run_until([&] { return over; });
    return !was_interrupted();
  }

  base::Time now() override { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

 private:
  // Text answers of several paths, as they come.
  class Streams {
   public:
    Streams(HttpsApi& api, const std::vector<std::string>& paths,
            const std::function<bool(std::size_t, std::string_view)>& data) {
      for (std::size_t i = 0; i < paths.size(); ++i) {
        sinks_.push_back(std::make_unique<Sink>(*this, i, data));
        handles_.push_back(api.client_->follow(paths[i], *sinks_.back()));
      }
      open_ = paths.size();
    }
    bool over() const { return open_ == 0 || stopped_; }
    base::Result<void> result() const { return result_; }

   private:
    struct Sink final : client::HttpsClient::TextSink {
      Sink(Streams& all, std::size_t index, const std::function<bool(std::size_t, std::string_view)>& data)
          : all(all), index(index), take(data) {}
      void data(std::string_view bytes) override { all.stopped_ = all.stopped_ || !take(index, bytes); }
      void ended(base::Result<void> how) override {
        --all.open_;
        if (!how && all.result_) all.result_ = std::move(how), all.stopped_ = true;
      }
      Streams& all;
      std::size_t index;
      const std::function<bool(std::size_t, std::string_view)>& take;
    };

    std::vector<std::unique_ptr<Sink>> sinks_;
    std::vector<std::unique_ptr<client::WatchHandle>> handles_;
    std::size_t open_ = 0;
    bool stopped_ = false;
    base::Result<void> result_;
  };

  // Runs the loop until `holds` says so, or the person has enough.
  template <class Predicate>
  void run_until(Predicate holds) {
    for (bool ticking = false; !holds() && !was_interrupted();) {
      if (!std::exchange(ticking, true)) timer_ = loop_.after(kLook, [&ticking] { ticking = false; });
      loop_.run_one();
    }
    timer_ = {};
  }

  // Starts a call and runs the loop until it is answered.
  template <class T, class Start>
  base::Result<T> wait_for(Start start) {
    auto answer = std::make_shared<std::optional<base::Result<T>>>();
    start([answer](base::Result<T> result) { *answer = std::move(result); });
    run_until([&] { return answer->has_value(); });
    if (!*answer) return base::fail(Code::Canceled, "interrupted");
    return std::move(**answer);
  }

  runtime::real::Loop loop_;
  runtime::Timer timer_;
  std::unique_ptr<client::HttpsClient> client_;
};

}  // namespace

base::Result<std::unique_ptr<Api>> connect(const Connection& connection) {
  const auto server = client::find_connection({.kubeconfig = connection.kubeconfig,
                                               .context = connection.context,
                                               .more = {connection.data_dir + "/kubeconfig"}});
  if (!server)
    return base::fail(server.error().code == Code::NotFound ? Code::Unavailable : server.error().code,
                      server.error().message);
  auto api = std::make_unique<HttpsApi>(*server);
  if (auto opened = api->open(*server); !opened) return std::unexpected(std::move(opened.error()));
  if (!connection.space.empty()) api->use_space(connection.space);
  if (connection.all_spaces) api->use_space("");
  return api;
}

}  // namespace slipway::cli
