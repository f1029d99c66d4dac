#include "control/facts.h"

#include <gtest/gtest.h>

#include "runtime/sim/loop.h"

namespace slipway::control {
namespace {

using base::Code;
using base::seconds;
using data::Value;

// A port that answers when the test says so.
class Oracle final : public Port {
 public:
  void perform(const std::string& id, const Value&, Done done) override {
    asked.push_back(id);
    open.push_back(std::move(done));
  }
  std::vector<std::string> asked;
  std::vector<Done> open;
};

class FactsTest : public ::testing::Test {
 protected:
  FactsTest() { facts.add_port("oracle", oracle); }
  void ask(const std::string& id = "q", const std::string& port = "oracle") {
    facts.ask(id, port, Value("how many?"), seconds(10), "owner", [this] { ++answered; });
  }
  runtime::sim::Loop loop;
  Facts facts{loop};
  Oracle oracle;
  int answered = 0;
};

TEST_F(FactsTest, A_question_is_asked_once_and_its_answer_recorded) {
  ask();
  EXPECT_TRUE(facts.is_pending("q"));
  EXPECT_EQ(facts.find("q"), nullptr);
  ask();
  loop.run_for(seconds(2));
  oracle.open[0](Value(5));
  ASSERT_NE(facts.find("q"), nullptr);
  EXPECT_EQ(*facts.find("q")->answer, Value(5));
  EXPECT_EQ(facts.find("q")->answered - facts.find("q")->asked, seconds(2));
  EXPECT_FALSE(facts.is_pending("q"));
  ask();
  EXPECT_EQ(oracle.asked.size(), 1u);
  EXPECT_EQ(answered, 1);
}

TEST_F(FactsTest, No_answer_is_a_Timeout_and_a_late_one_is_ignored) {
  ask();
  loop.run_for(seconds(11));
  ASSERT_NE(facts.find("q"), nullptr);
  EXPECT_EQ(facts.find("q")->answer.error().code, Code::Timeout);
  oracle.open[0](Value(5));
  EXPECT_FALSE(facts.find("q")->answer.has_value());
  EXPECT_EQ(answered, 1);
}

TEST_F(FactsTest, A_port_that_nobody_offers_answers_NotFound) {
  ask("q", "nobody");
  loop.run_for(seconds(1));
  EXPECT_EQ(facts.find("q")->answer.error().code, Code::NotFound);
}

TEST_F(FactsTest, After_forgetting_the_answer_to_the_old_question_does_not_count) {
  ask();
  facts.forget("q");
  ask();
  oracle.open[0](Value(1));
  EXPECT_EQ(facts.find("q"), nullptr);
  oracle.open[1](Value(2));
  EXPECT_EQ(*facts.find("q")->answer, Value(2));
}

TEST_F(FactsTest, A_new_term_starts_without_facts_and_ignores_old_answers) {
  ask();
  ask("r");
  oracle.open[1](Value(1));
  facts.clear();
  EXPECT_EQ(facts.find("r"), nullptr);
  oracle.open[0](Value(1));
  EXPECT_EQ(facts.find("q"), nullptr);
  loop.run_for(seconds(60));
  EXPECT_EQ(facts.find("q"), nullptr);
}

TEST_F(FactsTest, Facts_go_with_their_owner) {
  ask();
  oracle.open[0](Value(1));
  facts.forget_owner("somebody else");
  EXPECT_NE(facts.find("q"), nullptr);
  facts.forget_owner("owner");
  EXPECT_EQ(facts.find("q"), nullptr);
}

}  // namespace
}  // namespace slipway::control
