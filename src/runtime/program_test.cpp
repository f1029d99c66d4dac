// Programs that are run to their end beside a loop.
#include "runtime/real/program.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <optional>

#include "base/strings.h"

namespace slipway::runtime::real {
namespace {

using base::Code;

class Program : public testing::Test {
 protected:
  base::Result<ProgramEnd> shell(const std::string& script, ProgramOptions options = {}) {
    return run({"/bin/sh", "-c", script}, std::move(options));
  }
  base::Result<ProgramEnd> run(std::vector<std::string> argv, ProgramOptions options = {}) {
    std::optional<base::Result<ProgramEnd>> end;
    const auto running = run_program(loop_, std::move(argv), std::move(options),
                                     [&](base::Result<ProgramEnd> got) { end = std::move(got); });
    while (!end) loop_.run_one();
    return *end;
  }
  Loop loop_;
};

TEST_F(Program, reads_its_input_and_is_heard) {
  const std::string large(300'000, 'x');
  const auto end = run({"/bin/cat"}, {.input = "question\n" + large});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->status, 0);
  EXPECT_EQ(end->output, "question\n" + large);
  EXPECT_EQ(shell("cat").value().output, "") << "without input there is nothing to read";
  EXPECT_EQ(shell("exit 3", {.input = "nobody reads it"}).value().status, 3);
}

TEST_F(Program, may_have_a_clean_environment) {
  const auto end =
      shell("/usr/bin/env; pwd", {.environment = {"PATH=/usr/bin:/bin", "ONE=1"}, .clean_environment = true});
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->output.contains("ONE=1")) << end->output;
  EXPECT_TRUE(end->output.ends_with("\n/\n")) << end->output;
  EXPECT_FALSE(end->output.contains("HOME=")) << end->output;
}

TEST_F(Program, that_takes_too_long_is_killed_with_what_it_started) {
  // It talks all the time: silence is not what the limit is about.
  const auto end = shell("sleep 1000 & while true; do echo still here; done",
                         {.limit = base::milliseconds(100), .most_output = 1u << 30});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::Timeout);
}

TEST_F(Program, that_closes_its_outputs_and_stays_is_killed) {
  const auto end = shell("exec >&- 2>&-; sleep 1000", {.limit = base::milliseconds(100)});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::Timeout);
}

TEST_F(Program, leaves_nothing_running_behind) {
  const auto end = shell("sleep 1000 >/dev/null 2>&1 & echo $!");
  ASSERT_TRUE(end) << end.error().message;
  const auto left = base::parse_int(base::trim(end->output));
  ASSERT_TRUE(left) << end->output;
  // Until it is gone, or a zombie that nobody has fetched yet.
  const std::string look = "sed 's/.*) //; s/ .*//' /proc/" + std::to_string(*left) + "/stat 2>/dev/null || true";
  for (std::string letter = "?"; !letter.empty() && letter != "Z" && letter != "X";) {
    const auto state = run({"/bin/sh", "-c", look});
    ASSERT_TRUE(state);
    letter = std::string(base::trim(state->output));
  }
}

TEST_F(Program, that_prints_too_much_or_is_not_there_says_so) {
  EXPECT_EQ(shell("yes", {.most_output = 1000}).error().code, Code::TooLarge);
  EXPECT_EQ(run({"/no/such/program"}).error().code, Code::NotFound);
}

}  // namespace
}  // namespace slipway::runtime::real
