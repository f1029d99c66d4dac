#include "served_api.h"

#include <future>

#include "http/pki.h"
#include "three_lines.h"

namespace slipway::tests {

ServedApi::ServedApi(const std::string& kubeconfig, std::function<void(const http::Request&, int)> seen)
    : thread_([this] { loop_.run(); }) {
  on_loop([&] {
    auto ca = http::pki::make_ca("kubectl test", loop_.now(), base::hours(1));
    auto own = http::pki::issue_server(ca, {"127.0.0.1"}, loop_.now(), base::hours(1));
    auto admin = http::pki::issue_client(ca, {"admin", {"system:masters"}}, loop_.now(), base::hours(1));
    auto tls = http::TlsContext::make(http::TlsContext::Server{own->certificate, own->key, ca.certificate});
    store_ = store::make_memory_store(loop_);
    apiserver::Settings settings{.wall_clock = runtime::real::wall_clock};
    logs_ = std::make_unique<ThreeLines>(loop_);
    settings.logs = logs_.get();
    server_ = std::make_unique<apiserver::ApiServer>(*store_, loop_, random_, std::move(settings));
    server_->start();
    apiserver::FrontOptions options{.listeners = {{.tls = *tls}}, .io_threads = 2, .seen = std::move(seen)};
    auto front = apiserver::HttpFront::start(*server_, loop_, std::move(options));
    SLIPWAY_CHECK(front.has_value());
    front_ = std::move(*front);
    client::Connection connection{.server = "https://127.0.0.1:" + std::to_string(port()),
                                  .ca = ca.certificate,
                                  .certificate = admin->certificate,
                                  .key = admin->key};
    SLIPWAY_CHECK(client::save_kubeconfig(kubeconfig, connection).has_value());
  });
}

ServedApi::~ServedApi() {
  on_loop([this] {
    front_.reset();
    server_.reset();
    store_.reset();
  });
  loop_.stop();
  thread_.join();
}

void ServedApi::on_loop(std::function<void()> task) {
  std::promise<void> done;
  loop_.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace slipway::tests
