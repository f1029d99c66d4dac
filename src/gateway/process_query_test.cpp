// Programs of the administrator that measure: what they are asked, and what counts as an answer.
#include "gateway/process_query.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "gateway/test_objects.h"
#include "runtime/file.h"

namespace slipway::gateway {
namespace {

using base::Code;
using data::Value;
using test::json;

class Process : public testing::Test {
 protected:
  Process() {
    char name[] = "/tmp/slipway-process-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~Process() override { std::filesystem::remove_all(folder_); }

  std::string program(const std::string& name, const std::string& script) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(runtime::write_file(path, "#!/bin/sh\n" + script + "\n", 0700).has_value());
    return path;
  }
  base::Result<Value> ask(const std::string& script, const std::string& more = "{}") {
    ProcessQuery port(loop_, {{"quality", program("quality", script)}});
    std::optional<base::Result<Value>> answer;
    port.perform("id", json(more).with("program", "quality"),
                 [&](base::Result<Value> got) { answer = std::move(got); });
    EXPECT_FALSE(answer) << "answers come later";
    while (!answer) loop_.run_one();
    return *answer;
  }

  runtime::real::Loop loop_;
  std::string folder_;
};

TEST_F(Process, is_asked_and_answers) {
  const auto answer =
      ask("cat >" + folder_ + "/asked; env >" + folder_ + "/env; echo '{\"value\": 0.25, \"samples\": 8}'",
          R"({"args":{"table":"orders; rm -rf /"},"subject":{"service":"web-canary","hash":"h2"}})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, json(R"({"value":0.25,"samples":8})"));
  EXPECT_EQ(
      json(*runtime::read_file(folder_ + "/asked")),
      json(R"({"version":1,"args":{"table":"orders; rm -rf /"},"subject":{"service":"web-canary","hash":"h2"}})"));
  const std::string environment = *runtime::read_file(folder_ + "/env");
  EXPECT_FALSE(environment.contains("HOME=")) << environment;
  EXPECT_FALSE(environment.contains("KUBECONFIG")) << environment;
}

TEST_F(Process, no_value_is_no_data) { EXPECT_TRUE((*ask("echo '{\"value\": null}'"))["value"].is_null()); }

TEST_F(Process, its_failures_name_it_and_not_its_path) {
  struct Case {
    std::string script, says;
    Code code;
  };
  for (const Case& c : std::vector<Case>{
           {"echo oh no >&2; exit 7", "ended with 7: oh no", Code::Unavailable},
           {"echo '{\"error\": \"the database is away\"}'; exit 1", "says: the database is away", Code::Unavailable},
           {"echo hello", "one JSON object with a value, not with: hello", Code::Invalid},
           {"echo 5", "one JSON object with a value", Code::Invalid},
           {"echo '{}'", "one JSON object with a value", Code::Invalid},
           {"echo '{\"value\": 1, \"samples\": -1}'", "samples", Code::Invalid},
           {"echo '{\"value\": 1, \"samples\": \"many\"}'", "samples", Code::Invalid},
           {"kill -9 $$", "ended with 137", Code::Unavailable},
           {"yes", "says more than", Code::TooLarge}}) {
    const auto answer = ask(c.script);
    ASSERT_FALSE(answer) << c.script;
    EXPECT_EQ(answer.error().code, c.code) << answer.error().message;
    EXPECT_TRUE(answer.error().message.starts_with("metric process quality ")) << answer.error().message;
    EXPECT_TRUE(answer.error().message.contains(c.says)) << answer.error().message;
    EXPECT_FALSE(answer.error().message.contains(folder_)) << answer.error().message;
  }
}

TEST_F(Process, silence_is_a_timeout) {
  const auto answer = ask("sleep 1000", R"({"timeout":"50ms"})");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::Timeout);
}

TEST_F(Process, only_what_the_administrator_named_is_run) {
  ProcessQuery port(loop_, {{"quality", program("quality", "echo '{\"value\": 1}'")}});
  for (const std::string& name :
       {std::string("other"), std::string(""), folder_ + "/quality", std::string("/bin/true")}) {
    std::optional<base::Result<Value>> answer;
    port.perform("id", Value::object({{"program", name}}), [&](base::Result<Value> got) { answer = std::move(got); });
    while (!answer) loop_.run_one();
    ASSERT_FALSE(*answer) << name;
    EXPECT_EQ(answer->error().code, Code::NotFound);
    EXPECT_TRUE(answer->error().message.contains("known are: quality")) << answer->error().message;
  }
}

TEST_F(Process, many_questions_wait_for_each_other_and_all_are_answered) {
  ProcessQuery port(loop_, {{"quality", program("quality", "echo '{\"value\": 1}'")}});
  std::size_t answered = 0;
  for (std::size_t i = 0; i < 3 * kMostAtOnce; ++i)
    port.perform("id", json(R"({"program":"quality"})"),
                 [&](base::Result<Value> got) { answered += got.has_value() ? 1 : 0; });
  while (answered < 3 * kMostAtOnce) loop_.run_one();
}

TEST_F(Process, what_runs_ends_with_the_port) {
  auto port = std::make_unique<ProcessQuery>(loop_, MetricPrograms{{"quality", program("quality", "sleep 1000")}});
  port->perform("id", json(R"({"program":"quality"})"),
                [](base::Result<Value>) { ADD_FAILURE() << "nobody is left to hear"; });
  port.reset();
  loop_.poll();
}

TEST_F(Process, its_configuration_is_checked) {
  const std::string good = program("good", "true"), plain = folder_ + "/plain";
  ASSERT_TRUE(runtime::write_file(plain, "text", 0600).has_value());
  const auto read = read_metric_programs({"a=" + good, "b.c-1=" + good});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at("a"), good);
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{{"a"},
                                                                                   {"=" + good},
                                                                                   {"a=relative/path"},
                                                                                   {"a b=" + good},
                                                                                   {"a=" + folder_},
                                                                                   {"a=" + folder_ + "/absent"},
                                                                                   {"a=" + good, "a=" + good}}) {
    const auto refused = read_metric_programs(bad);
    ASSERT_FALSE(refused) << bad.back();
    EXPECT_TRUE(refused.error().message.starts_with("--metric-process ")) << refused.error().message;
  }
}

}  // namespace
}  // namespace slipway::gateway
