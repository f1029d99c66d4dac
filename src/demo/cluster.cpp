#include "demo/cluster.h"

#include <future>
#include <thread>

#include "client/https_client.h"
#include "client/kubeconfig.h"
#include "runtime/real/loop.h"

namespace slipway::demo {

using base::Code;
using base::Result;
using data::Value;

namespace {

constexpr auto kAnswerLimit = std::chrono::seconds(20);
constexpr auto kPoll = std::chrono::milliseconds(20);

}  // namespace

struct Cluster::Impl {
  runtime::real::Loop loop;
  std::thread thread;
  std::unique_ptr<client::HttpsClient> api;

  // Starts something on the loop and waits for its answer.
  template <class T>
  Result<T> ask(std::function<void(std::move_only_function<void(Result<T>)>)> begin) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    loop.post([begin = std::move(begin), promise] {
      begin([promise](Result<T> answer) { promise->set_value(std::move(answer)); });
    });
    if (future.wait_for(kAnswerLimit) != std::future_status::ready)
      return base::fail(Code::Timeout, "the API server does not answer");
    return future.get();
  }
};

Result<std::unique_ptr<Cluster>> Cluster::connect(const std::string& kubeconfig) {
  auto config = client::Kubeconfig::load(kubeconfig);
  if (!config) return base::fail(config.error());
  auto connection = config->connection();
  if (!connection) return base::fail(connection.error());
  connection->user_agent = "slipway-demo";
  auto impl = std::make_unique<Impl>();
  auto api = client::HttpsClient::make(impl->loop, *connection);
  if (!api) return base::fail(api.error());
  impl->api = std::move(*api);
  impl->thread = std::thread([loop = &impl->loop] { loop->run(); });
  return std::unique_ptr<Cluster>(new Cluster(std::move(impl)));
}

Cluster::Cluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Cluster::~Cluster() {
  impl_->loop.post([impl = impl_.get()] {
    impl->api.reset();
    impl->loop.stop();
  });
  impl_->thread.join();
}

Result<Value> Cluster::call(client::Request request) {
  return impl_->ask<Value>([this, request = std::move(request)](auto done) mutable {
    impl_->api->call(std::move(request), std::move(done));
  });
}

Result<std::string> Cluster::text(const std::string& path) {
  return impl_->ask<std::string>([this, path](auto done) { impl_->api->raw(path, {}, std::move(done)); });
}

Result<Value> Cluster::get(const api::Resource& resource, const std::string& space, const std::string& name) {
  return call({.verb = client::Verb::Get, .resource = resource, .space = space, .name = name});
}

Result<Value> Cluster::apply(const api::Resource& resource, const Value& object) {
  return call({.verb = client::Verb::Patch,
               .resource = resource,
               .space = object["metadata"]["namespace"].str(),
               .name = object["metadata"]["name"].str(),
               .body = object,
               .patch_type = client::PatchType::Apply,
               .field_manager = "demo",
               .force = true});
}

Result<Value> Cluster::wait(const api::Resource& resource, const std::string& space, const std::string& name,
                            const std::string& what, base::Duration limit,
                            const std::function<bool(const Value&)>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    auto object = get(resource, space, name);
    if (!object && object.error().code != Code::NotFound) return object;
    if (object && holds(*object)) return object;
    if (std::chrono::steady_clock::now() > deadline)
      return base::fail(Code::Timeout, resource.kind + " " + space + "/" + name + ": waited for " + what);
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace slipway::demo
