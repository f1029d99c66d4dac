#include "control/own_writes.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "api/meta.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"

namespace slipway::control {
namespace {

using client::Verb;
using data::Value;

class OwnWritesTest : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    pods.start();
    loop.run_for(base::seconds(1));
  }
  void call(client::Request request) {
    bool answered = false;
    api.call(std::move(request), [&](client::Answer answer) {
      answered = true;
      EXPECT_TRUE(answer) << answer.error().message;
    });
    loop.run_until([&] { return answered; }, base::seconds(5));
    loop.run_for(base::seconds(1));
  }
  void create() {
    const Value container = Value::object({{"name", "c"}, {"image", "i"}});
    call({.verb = Verb::Create,
          .resource = api::kPods,
          .space = "default",
          .body = Value::object({{"apiVersion", "v1"},
                                 {"kind", "Pod"},
                                 {"metadata", Value::object({{"name", "a"}, {"namespace", "default"}})},
                                 {"spec", Value::object({{"containers", Value::array({container})}})}})});
  }
  void remove() { call({.verb = Verb::Delete, .resource = api::kPods, .space = "default", .name = "a"}); }
  static bool is_bound(const Value& pod) { return pod.is_null() || !pod["spec"]["nodeName"].is_empty(); }

  runtime::sim::Loop loop;
  runtime::sim::SeededRandom random{1};
  std::unique_ptr<store::Store> store = store::make_memory_store(loop);
  apiserver::ApiServer server{*store, loop, random};
  apiserver::LocalClient api{server, loop, {.user = "test", .groups = {"system:masters"}}};
  client::Cache pods{api, loop, random, api::kPods};
  OwnWrites writes;
};

TEST_F(OwnWritesTest, AwaitsWhatTheCacheDoesNotShowYet) {
  create();
  writes.awaits(pods, {"default", "a"}, is_bound);
  EXPECT_FALSE(writes.seen());
  remove();
  EXPECT_TRUE(writes.seen());
}

// Pods have names that come again (seed 71 of the simulation: a scheduler that waited for ever for a pod to be bound
// that it would have had to bind itself).
TEST_F(OwnWritesTest, AnotherObjectOfTheSameNameIsNotAwaited) {
  create();
  writes.awaits(pods, {"default", "a"}, is_bound);
  remove();
  create();
  EXPECT_TRUE(writes.seen());
}

}  // namespace
}  // namespace slipway::control
