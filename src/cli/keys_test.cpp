#include "cli/keys.h"

#include <gtest/gtest.h>

#include "data/json.h"
#include "delivery/state.h"
#include "view/test_objects.h"

namespace slipway::cli {
namespace {

using data::Value;
using delivery::Phase;

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

struct Shown {
  Sight sight;
  view::ReleaseView view;

  void compute() { view = view::compute(sight.objects, sight.now); }
  std::string line(const Keys& keys = {}) const { return hint_line(keys, sight, view); }
  Pressed press(char key, const Keys& keys = {}) const { return cli::press(keys, key, sight, view); }
};

// Canary `web` from 12 to 13 with the steps 5 %, approval, 50 %, pause 1m, in the middle of `step`, counted from 1.
Shown canary(int step, Phase phase = Phase::Progressing) {
  delivery::State s;
  s.phase = phase;
  s.stable = {.number = 12, .hash = "h12", .images = "web=web:1"};
  s.candidate = {.number = 13, .hash = "h13", .images = "web=web:2"};
  s.user_step = step - 1, s.user_steps = 4;
  s.traffic = {.wanted = 500, .verified = 500};
  Shown out;
  out.sight.objects.release = json(
      R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
      "strategy":{"canary":{"steps":[{"weight":5},{"pause":{}},{"weight":50},{"pause":{"duration":"1m"}}]}}}})");
  out.sight.objects.release.set("status", delivery::write_state(s));
  out.sight.now = *base::parse_time("2026-11-23T12:03:00Z");
  view::test::stand_at(out.sight.objects, step - 1);
  out.compute();
  return out;
}

// The same with another field of the Release.
Shown with(Shown shown, std::initializer_list<std::string_view> field, Value value) {
  shown.sight.objects.release.set(field, std::move(value));
  shown.compute();
  return shown;
}

// In that part of the step, counted from 1, of another strategy, or so many parts before it.
Shown with_strategy(Shown shown, const char* strategy, int step, int before = 0) {
  shown.sight.objects.release.set({"spec", "strategy"}, json(strategy));
  view::test::stand_at(shown.sight.objects, step - 1, before);
  shown.compute();
  return shown;
}

TEST(Keys, are_those_that_mean_something_now) {
  EXPECT_EQ(canary(1).line(), "a abort   z pause   b back   q leave (release goes on)");
  EXPECT_EQ(canary(2, Phase::Paused).line(), "p promote   a abort   z pause   b back   q leave (release goes on)");
  EXPECT_EQ(canary(4).line(), "p promote   a abort   z pause   b back   q leave (release goes on)")
      << "a pause ends early";
  EXPECT_EQ(canary(4, Phase::Waiting).line(), "a abort   z pause   b back   q leave (release goes on)");
  EXPECT_EQ(canary(4, Phase::Keeping).line(), "p promote   a abort   b back   q leave (release goes on)");
  EXPECT_EQ(canary(4, Phase::Promoting).line(), "q leave (release goes on)");
  EXPECT_EQ(with(canary(2, Phase::Paused), {"spec", "paused"}, true).line(),
            "a abort   z resume   b back   q leave (release goes on)");
  Shown alone;
  EXPECT_EQ(alone.line(), "q leave (it goes on)") << "a Deployment without a Release";
}

TEST(Keys, no_promote_where_something_else_is_waited_for) {
  EXPECT_FALSE(canary(3, Phase::Paused).line().contains("promote"));
  constexpr const char* kApart = R"({"blueGreen":{"previewNamespace":"shop-preview","autoSwitch":"2m"}})";
  EXPECT_FALSE(with_strategy(canary(1, Phase::Paused), kApart, 1).line().contains("promote"))
      << "its namespace does not let it in";
  EXPECT_TRUE(with_strategy(canary(2), kApart, 2).line().contains("promote")) << "a countdown ends early";
  constexpr const char* kBatches = R"({"rolling":{"batches":[{"percent":50,"bake":"1m"},{"percent":100}]}})";
  Shown batches = canary(1);
  batches.sight.objects.release.set({"spec", "target", "kind"}, "StatefulSet");
  batches.sight.objects.release.erase({"spec", "traffic"});
  EXPECT_TRUE(with_strategy(batches, kBatches, 1).line().contains("promote"));
  EXPECT_FALSE(with_strategy(batches, kBatches, 1, 1).line().contains("promote")) << "its pods start";
}

TEST(Keys, back_needs_something_to_go_back_to) {
  EXPECT_FALSE(with(canary(1), {"status", "traffic"}, json(R"({"wanted":0})")).line().contains("back"));
  EXPECT_FALSE(with(canary(1), {"spec", "traffic"}, Value()).line().contains("back"));
  EXPECT_TRUE(with(canary(3), {"spec", "traffic"}, Value()).line().contains("back")) << "pods, where there is no route";
  EXPECT_FALSE(with(canary(3), {"spec", "target", "kind"}, "DaemonSet").line().contains("back"));
}

TEST(Keys, of_a_test_no_plain_promote) {
  const Value variants = json(R"([{"name":"red","revision":13,"hash":"h13","share":5}])");
  const Shown test = with(canary(2, Phase::Paused), {"status", "variants"}, variants);
  ASSERT_FALSE(test.view.variants.empty());
  EXPECT_FALSE(test.line().contains("promote"));
}

TEST(Keys, what_may_cost_users_something_is_asked_first) {
  const Shown shown = canary(2, Phase::Paused);
  Pressed asked = shown.press('a');
  EXPECT_EQ(asked.deed, Deed::None);
  EXPECT_EQ(shown.line(asked.keys), "abort release/web? traffic goes back to 12  [y/N]");
  EXPECT_EQ(shown.press('y', asked.keys), (Pressed{{}, Deed::Abort}));
  for (const char no : {'n', 'q', 'a', '\n', '\x1b'}) EXPECT_EQ(shown.press(no, asked.keys), Pressed{}) << int(no);
  asked = shown.press('p');
  EXPECT_EQ(shown.line(asked.keys), "promote release/web? on with step 3, weight 50 %  [y/N]");
  EXPECT_EQ(shown.press('Y', asked.keys).deed, Deed::Promote);
  EXPECT_EQ(shown.line(shown.press('b').keys), "take release/web one step back?  [y/N]");
}

TEST(Keys, questions_say_what_will_happen) {
  const auto line_after = [](const Shown& shown, char key) { return shown.line(shown.press(key).keys); };
  EXPECT_EQ(line_after(with(canary(2, Phase::Paused), {"status", "halt"}, json(R"({"cause":"AnalysisFailed"})")), 'p'),
            "promote release/web in spite of its failure?  [y/N]");
  EXPECT_EQ(line_after(canary(4, Phase::Keeping), 'p'),
            "promote release/web? revision 12 goes, and with it the way back at once  [y/N]");
  EXPECT_EQ(line_after(canary(4), 'p'), "promote release/web? everybody gets 13  [y/N]");
  EXPECT_EQ(line_after(with(canary(1), {"status", "traffic"}, json(R"({"wanted":0})")), 'a'),
            "abort release/web? all traffic stays on revision 12  [y/N]");
  EXPECT_EQ(line_after(with(canary(1), {"spec", "traffic"}, Value()), 'a'),
            "abort release/web? pods go back to revision 12  [y/N]");
  Shown colours = canary(2, Phase::Paused);
  colours = with(colours, {"status", "traffic"}, json(R"({"wanted":0})"));
  colours = with_strategy(colours, R"({"blueGreen":{"keepPrevious":"15m"}})", 2);
  EXPECT_EQ(line_after(colours, 'p'),
            "switch 100 % of the traffic from 12 (web=web:1) to 13 (web=web:2)? Going back is instant for 15m.  [y/N]");
}

TEST(Keys, pause_and_resume_go_at_once) {
  EXPECT_EQ(canary(1).press('z'), (Pressed{{}, Deed::Pause}));
  EXPECT_EQ(with(canary(1), {"spec", "paused"}, true).press('z'), (Pressed{{}, Deed::Resume}));
  EXPECT_EQ(canary(1).press('q'), (Pressed{{}, Deed::Leave}));
  EXPECT_EQ(canary(1).press('x'), Pressed{});
  EXPECT_EQ(canary(1).press('p'), Pressed{}) << "nobody is waited for";
}

TEST(Keys, nobody_answers_a_question_that_he_has_not_read) {
  const Shown before = canary(2, Phase::Paused);
  const Keys asked = before.press('p').keys;
  EXPECT_EQ(still(asked, before.sight, before.view), asked);
  const Shown after = canary(4);  // somebody else has approved, and now p would end a pause
  EXPECT_EQ(still(asked, after.sight, after.view), Keys{});
  EXPECT_EQ(after.press('y', asked), Pressed{});
}

TEST(Keys, logs_are_there_while_the_candidate_has_pods) {
  Shown shown = canary(1);
  EXPECT_EQ(shown.press('l'), Pressed{});
  shown.sight.objects.replica_sets = {
      json(R"({"metadata":{"name":"web-b","uid":"b","labels":{"pod-template-hash":"h13"}}})")};
  shown.sight.objects.pods = {
      json(R"({"metadata":{"name":"web-b-1","ownerReferences":[{"uid":"b","controller":true}]}})")};
  shown.compute();
  EXPECT_EQ(shown.line(), "a abort   z pause   b back   l logs   q leave (release goes on)");
  const Keys on = shown.press('l').keys;
  EXPECT_TRUE(on.logs);
  EXPECT_FALSE(shown.press('l', on).keys.logs);
  EXPECT_TRUE(shown.press('n', shown.press('a', on).keys).keys.logs) << "a question leaves them as they are";
}

}  // namespace
}  // namespace slipway::cli
