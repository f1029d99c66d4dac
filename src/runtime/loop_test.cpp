// Both loops under the same rules, then what is special to each.
#include "runtime/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/real/loop.h"
#include "runtime/sim/loop.h"

namespace slipway::runtime {
namespace {
using base::milliseconds;
using base::seconds;
using testing::ElementsAre;

// Runs `first` as a task of the loop and everything that follows from it, until `finish` is called.
struct World {
  virtual ~World() = default;
  virtual Loop& loop() = 0;
  virtual void run(Task first) = 0;
  virtual void finish() = 0;
};

struct RealWorld : World {
  real::Loop real;
  Loop& loop() override { return real; }
  void run(Task first) override {
    real.post(std::move(first));
    real.run();
  }
  void finish() override { real.stop(); }
};

struct SimWorld : World {
  sim::Loop sim;
  bool done = false;
  Loop& loop() override { return sim; }
  void run(Task first) override {
    sim.post(std::move(first));
    EXPECT_TRUE(sim.run_until([&] { return done; }, base::hours(1)));
  }
  void finish() override { done = true; }
};

template <class W>
class LoopRules : public testing::Test {
 protected:
  W world;
};
using Worlds = testing::Types<RealWorld, SimWorld>;
TYPED_TEST_SUITE(LoopRules, Worlds);

TYPED_TEST(LoopRules, PostedTasksRunInOrderAndNeverInsidePost) {
  std::vector<int> order;
  Loop& loop = this->world.loop();
  this->world.run([&] {
    for (int i = 0; i < 3; ++i) loop.post([&, i] { order.push_back(i); });
    EXPECT_TRUE(order.empty());
    loop.post([&] { this->world.finish(); });
  });
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TYPED_TEST(LoopRules, TimersFireByDeadlineNotBeforeIt) {
  std::vector<std::string> order;
  Loop& loop = this->world.loop();
  std::vector<Timer> timers;
  this->world.run([&] {
    const auto start = loop.mono();
    timers.push_back(loop.after(milliseconds(20), [&, start] {
      EXPECT_GE(loop.mono() - start, milliseconds(20));
      order.push_back("late");
      this->world.finish();
    }));
    timers.push_back(loop.after(milliseconds(1), [&] { order.push_back("early"); }));
  });
  EXPECT_THAT(order, ElementsAre("early", "late"));
}

TYPED_TEST(LoopRules, ACancelledTimerNeverRunsEvenWhenItIsDue) {
  Loop& loop = this->world.loop();
  Timer doomed, killer, end;
  bool ran = false;
  this->world.run([&] {
    killer = loop.after(milliseconds(1), [&] { doomed.cancel(); });
    doomed = loop.after(milliseconds(1), [&] { ran = true; });
    end = loop.after(milliseconds(5), [&] { this->world.finish(); });
  });
  EXPECT_FALSE(ran);
}

TYPED_TEST(LoopRules, AnEndlessDelayIsNoOverflow) {
  Loop& loop = this->world.loop();
  Timer never, end;
  bool ran = false;
  this->world.run([&] {
    never = loop.after(base::Duration::max(), [&] { ran = true; });
    end = loop.after(milliseconds(1), [&] { this->world.finish(); });
  });
  EXPECT_FALSE(ran);
}

TYPED_TEST(LoopRules, ATimerMayReplaceItselfWhileItRuns) {
  Loop& loop = this->world.loop();
  Timer timer;
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds == 5) return this->world.finish();
    timer = loop.after(milliseconds(0), [&] { again(); });
  };
  this->world.run([&] { again(); });
  EXPECT_EQ(rounds, 5);
}

TYPED_TEST(LoopRules, TimeStandsStillWithinATask) {
  Loop& loop = this->world.loop();
  this->world.run([&] {
    const auto now = loop.now();
    const auto mono = loop.mono();
    // Enough work for the system's clock to move.
    const auto spin = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
    while (std::chrono::steady_clock::now() < spin) {
    }
    EXPECT_EQ(loop.now(), now);
    EXPECT_EQ(loop.mono(), mono);
    this->world.finish();
  });
}

TEST(RealLoop, TakesTasksFromOtherThreadsInTheirOrder) {
  real::Loop loop;
  constexpr int kThreads = 4, kTasks = 1000;
  std::vector<int> last(kThreads, -1);
  int run = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i)
        loop.post([&, t, i] {
          EXPECT_EQ(last[t], i - 1);
          last[t] = i;
          if (++run == kThreads * kTasks) loop.stop();
        });
    });
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(run, kThreads * kTasks);
}

TEST(RealLoop, ATimerMayOutliveTheLoop) {
  Timer timer;
  {
    real::Loop loop;
    auto owned = std::make_shared<int>(1);
    timer = loop.after(seconds(100), [owned] {});
  }
  timer.cancel();
}

TEST(SimLoop, MovesTimeOnlyWhenNothingIsReady) {
  sim::Loop loop;
  std::vector<std::string> order;
  Timer timer = loop.after(seconds(10), [&] { order.push_back("timer"); });
  loop.post([&] {
    order.push_back("first");
    loop.post([&] { order.push_back("second"); });
  });
  while (loop.run_one()) {
  }
  EXPECT_THAT(order, ElementsAre("first", "second", "timer"));
  EXPECT_EQ(loop.mono().time_since_epoch(), seconds(10));
  EXPECT_TRUE(loop.idle());
}

TEST(SimLoop, TimersOfOneInstantFireInTheOrderOfSetting) {
  sim::Loop loop;
  std::vector<int> order;
  std::vector<Timer> timers;
  for (int i = 0; i < 4; ++i) timers.push_back(loop.after(seconds(1), [&, i] { order.push_back(i); }));
  loop.run_for(seconds(1));
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
}

TEST(SimLoop, RunForAdvancesExactlyAndLeavesLaterTimers) {
  sim::Loop loop;
  bool fired = false;
  Timer timer = loop.after(seconds(5), [&] { fired = true; });
  loop.run_for(seconds(4));
  EXPECT_FALSE(fired);
  EXPECT_EQ(loop.mono().time_since_epoch(), seconds(4));
  loop.run_for(seconds(1));
  EXPECT_TRUE(fired);
}

TEST(SimLoop, RunUntilGivesUpAtItsLimit) {
  sim::Loop loop;
  Timer timer;
  std::function<void()> tick = [&] { timer = loop.after(seconds(1), [&] { tick(); }); };
  tick();
  EXPECT_FALSE(loop.run_until([] { return false; }, seconds(30)));
  EXPECT_EQ(loop.mono().time_since_epoch(), seconds(30));
}

TEST(SimLoop, AClockJumpMovesTheWallClockOnly) {
  sim::Loop loop;
  const auto now = loop.now();
  bool fired = false;
  Timer timer = loop.after(seconds(10), [&] { fired = true; });
  loop.jump_clock(-base::hours(2));
  EXPECT_EQ(loop.now(), now - base::hours(2));
  loop.run_for(seconds(9));
  EXPECT_FALSE(fired);
  loop.run_for(seconds(1));
  EXPECT_TRUE(fired);
  EXPECT_EQ(loop.now(), now - base::hours(2) + seconds(10));
}

TEST(SimLoop, DestroyingItDestroysTasksThatOwnTimersAndPost) {
  Timer outside;
  auto loop = std::make_unique<sim::Loop>();
  auto inner = std::make_shared<Timer>(loop->after(seconds(1), [] {}));
  outside = loop->after(seconds(2), [inner] {});
  loop->post([inner] {});
  inner.reset();
  loop.reset();
  outside.cancel();
}

TEST(SeededRandom, RepeatsItselfAndDiffersBySeed) {
  sim::SeededRandom a(7), b(7), c(8);
  std::vector<std::uint64_t> from_a, from_b, from_c;
  for (int i = 0; i < 100; ++i) from_a.push_back(a.next()), from_b.push_back(b.next()), from_c.push_back(c.next());
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, from_c);
}

TEST(Random, BelowIsUniformEnough) {
  sim::SeededRandom random(1);
  std::vector<int> counts(10);
  for (int i = 0; i < 100'000; ++i) ++counts[random.below(10)];
  for (int count : counts) EXPECT_NEAR(count, 10'000, 600);
  for (int i = 0; i < 1000; ++i) {
    const double unit = random.unit();
    EXPECT_TRUE(unit >= 0 && unit < 1);
  }
}

TEST(Random, UidsAndSuffixesHaveTheirForm) {
  real::OsRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uid = make_uid(random);
    EXPECT_THAT(uid, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_TRUE(seen.insert(uid).second);
  }
  EXPECT_THAT(make_suffix(random, 5), testing::MatchesRegex("[bcdfghjklmnpqrstvwxz2456789]{5}"));
}

TEST(RealLoop, RunsAgainAfterAStop) {
  real::Loop loop;
  int turns = 0;
  for (int i = 0; i < 2; ++i) {
    loop.post([&] { ++turns, loop.stop(); });
    loop.run();
  }
  EXPECT_EQ(turns, 2);
}

}  // namespace
}  // namespace slipway::runtime
