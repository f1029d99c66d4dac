#include "control/lease_leadership.h"

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

using base::milliseconds;
using base::seconds;
using client::Answer;
using client::Request;
using data::Value;

// A process's way to the API, which can be cut.
class Line final : public client::ApiClient {
 public:
  Line(client::ApiClient& inner) : inner_(inner) {}
  void call(Request request, client::Completion done) override {
    if (!cut) inner_.call(std::move(request), std::move(done));
  }
  std::unique_ptr<client::WatchHandle> watch(client::WatchRequest request, client::WatchSink& sink) override {
    return inner_.watch(std::move(request), sink);
  }
  bool cut = false;

 private:
  client::ApiClient& inner_;
};

class LeaseTest : public ::testing::Test {
 protected:
  struct Process {
    Process(LeaseTest& test, std::string identity)
        : line(test.api), leadership(line, test.loop, test.random, {.identity = std::move(identity)}) {
      leadership.on_change([this] { ++changes; });
      leadership.start();
    }
    Line line;
    LeaseLeadership leadership;
    int changes = 0;
  };
  LeaseTest() { server.start(); }
  std::unique_ptr<Process> process(std::string identity) {
    return std::make_unique<Process>(*this, std::move(identity));
  }
  Value lease() const {
    const auto entry = store->published()->find({"leases.coordination.k8s.io", "kube-system", "slipway-controller"});
    return entry ? entry->object : Value();
  }
  bool until(const std::function<bool()>& done, base::Duration limit = seconds(60)) {
    return loop.run_until(done, limit);
  }

  runtime::sim::Loop loop;
  runtime::sim::SeededRandom random{5};
  std::unique_ptr<store::Store> store = store::make_memory_store(loop);
  apiserver::ApiServer server{*store, loop, random};
  apiserver::LocalClient api{server, loop, {.user = "admin", .groups = {"system:masters"}}};
};

TEST_F(LeaseTest, The_first_one_leads_and_keeps_leading) {
  const auto a = process("a");
  ASSERT_TRUE(until([&] { return a->leadership.leads(); }));
  EXPECT_EQ(a->leadership.term(), 1u);
  EXPECT_EQ(lease()["spec"]["holderIdentity"].as_string(), "a");
  for (int i = 0; i < 600; ++i) {
    loop.run_for(seconds(1));
    ASSERT_TRUE(a->leadership.leads());
  }
  EXPECT_EQ(a->changes, 1);
  EXPECT_EQ(a->leadership.term(), 1u);
}

TEST_F(LeaseTest, The_first_try_is_told_once_whatever_came_of_it) {
  const auto first_try = [this](std::string identity, bool cut) {
    Line line(api);
    line.cut = cut;
    LeaseLeadership leadership(line, loop, random, {.identity = std::move(identity)});
    int told = 0;
    bool led = false;
    leadership.start([&] { ++told, led = leadership.leads(); });
    loop.run_for(seconds(30));
    EXPECT_EQ(told, 1);
    return led;
  };
  EXPECT_TRUE(first_try("a", false));
  EXPECT_FALSE(first_try("b", false)) << "the lease is another's";
  EXPECT_FALSE(first_try("c", true)) << "no answer";
}

TEST_F(LeaseTest, Never_two_at_once_and_the_term_grows) {
  const auto a = process("a");
  ASSERT_TRUE(until([&] { return a->leadership.leads(); }));
  const auto b = process("b");
  loop.run_for(seconds(60));
  EXPECT_FALSE(b->leadership.leads());
  a->line.cut = true;
  const base::MonoTime cut = loop.mono();
  bool gap = false;
  ASSERT_TRUE(until([&] {
    EXPECT_FALSE(a->leadership.leads() && b->leadership.leads());
    gap |= !a->leadership.leads() && !b->leadership.leads();
    return b->leadership.leads();
  }));
  EXPECT_TRUE(gap) << "requests of the old leader have time to settle";
  EXPECT_GT(b->leadership.term(), a->leadership.term());
  EXPECT_LE(loop.mono() - cut, seconds(20));
  a->line.cut = false;
  loop.run_for(seconds(60));
  EXPECT_FALSE(a->leadership.leads());
  EXPECT_TRUE(b->leadership.leads());
}

TEST_F(LeaseTest, Leading_ends_by_the_monotonic_clock_even_without_timers) {
  const auto a = process("a");
  ASSERT_TRUE(until([&] { return a->leadership.leads(); }));
  a->line.cut = true;
  const base::MonoTime cut = loop.mono();
  ASSERT_TRUE(until([&] { return !a->leadership.leads(); }));
  EXPECT_LE(loop.mono() - cut, seconds(10));
}

TEST_F(LeaseTest, A_wall_clock_that_jumps_changes_nothing) {
  const auto a = process("a");
  ASSERT_TRUE(until([&] { return a->leadership.leads(); }));
  const auto b = process("b");
  for (const base::Duration jump : {base::Duration(base::hours(5)), base::Duration(-base::hours(9))}) {
    loop.jump_clock(jump);
    for (int i = 0; i < 60; ++i) {
      loop.run_for(seconds(1));
      ASSERT_TRUE(a->leadership.leads());
      ASSERT_FALSE(b->leadership.leads());
    }
  }
}

TEST_F(LeaseTest, Released_leadership_passes_on_without_waiting_for_the_lease_to_run_out) {
  const auto a = process("a");
  ASSERT_TRUE(until([&] { return a->leadership.leads(); }));
  const auto b = process("b");
  loop.run_for(seconds(5));
  bool released = false;
  a->leadership.release([&] { released = true; });
  EXPECT_FALSE(a->leadership.leads());
  ASSERT_TRUE(until([&] { return b->leadership.leads(); }, seconds(4)));
  EXPECT_TRUE(released);
  EXPECT_EQ(b->leadership.term(), 2u);
}

TEST_F(LeaseTest, A_process_that_comes_back_under_its_name_gets_a_new_term) {
  auto a = process("a");
  ASSERT_TRUE(until([&] { return a->leadership.leads(); }));
  a = process("a");
  ASSERT_TRUE(until([&] { return a->leadership.leads(); }, seconds(4)));
  EXPECT_EQ(a->leadership.term(), 2u);
}

TEST_F(LeaseTest, A_lease_that_is_deleted_is_made_again_with_a_higher_term) {
  const auto a = process("a");
  ASSERT_TRUE(until([&] { return a->leadership.leads(); }));
  api.call(
      {.verb = client::Verb::Delete, .resource = api::kLeases, .space = "kube-system", .name = "slipway-controller"},
      [](Answer) {});
  loop.run_for(seconds(10));
  EXPECT_TRUE(a->leadership.leads());
  EXPECT_EQ(a->leadership.term(), 2u);
  EXPECT_EQ(lease()["spec"]["holderIdentity"].as_string(), "a");
}

// Many processes whose lines are cut and mended at random.
TEST_F(LeaseTest, Chaos_never_has_two_leaders_and_terms_only_grow) {
  std::vector<std::unique_ptr<Process>> processes;
  for (const char* name : {"a", "b", "c"}) processes.push_back(process(name));
  std::uint64_t highest = 0;
  const Process* last = nullptr;
  for (int i = 0; i < 3000; ++i) {
    loop.run_for(milliseconds(500));
    if (random.below(20) == 0) processes[random.below(3)]->line.cut ^= true;
    int leaders = 0;
    for (const auto& each : processes) {
      if (!each->leadership.leads()) continue;
      ++leaders;
      if (each.get() != last) ASSERT_GT(each->leadership.term(), highest);
      last = each.get();
      highest = std::max(highest, each->leadership.term());
    }
    ASSERT_LE(leaders, 1);
  }
  EXPECT_GT(highest, 5u);
}

}  // namespace
}  // namespace slipway::control
