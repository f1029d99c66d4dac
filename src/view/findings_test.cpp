#include "view/findings.h"

#include <gtest/gtest.h>

namespace slipway::view {
namespace {

TEST(Findings, lines_that_differ_in_numbers_only_are_one) {
  const auto found = findings_in({{"web-1",
                                   "2026-11-30T20:25:34Z starting\n"
                                   "2026-11-30T20:25:35Z ERROR column cart.discount does not exist (request 17)\n"
                                   "2026/11/30 20:25:36 ERROR column cart.discount does not exist (request 18)\n"},
                                  {"web-2",
                                   "connection refused by 10.0.0.7:5432\n"
                                   "2026-11-30T20:25:37Z ERROR column cart.discount does not exist (request 4711)\n"}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], (LogFinding{"ERROR column cart.discount does not exist (request 17)", "web-1", 3}));
  EXPECT_EQ(found[1], (LogFinding{"connection refused by 10.0.0.7:5432", "web-2", 1}));
}

TEST(Findings, of_structured_logs_the_level_decides) {
  const auto found = findings_in({{"web-1", R"({"level":"info","msg":"no error at all"})"
                                            "\n"
                                            R"({"level":"error","msg":"checkout","error":"timeout after 30s"})"
                                            "\n"
                                            R"({"severity":"CRITICAL","message":"out of disk"})"
                                            "\n{not json: an exception\n"}});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, "checkout: timeout after 30s");
  EXPECT_EQ(found[1].text, "out of disk");
  EXPECT_EQ(found[2].text, "{not json: an exception");
}

TEST(Findings, of_a_good_log_there_are_none) {
  EXPECT_TRUE(findings_in({{"web-1", "GET / 200\nterror is no such word\nerrors: 0\n"}}).empty());
  EXPECT_TRUE(findings_in({}).empty());
}

TEST(Findings, long_and_wild_lines_are_tamed) {
  const auto found = findings_in({{"web-1", "error \x1b[2J" + std::string(500, 'x') + "\n"}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LE(found[0].text.size(), 170u);
  EXPECT_EQ(found[0].text.find('\x1b'), std::string::npos);
  std::string umlauts = "error ";
  for (int i = 0; i < 200; ++i) umlauts += "ü";
  const std::string text = findings_in({{"web-1", umlauts}})[0].text;
  EXPECT_TRUE(text.ends_with("ü…")) << text;
}

TEST(Findings, only_so_many_are_shown) {
  EXPECT_EQ(findings_in({{"web-1", "error a\nerror b\nerror c\nerror d\nerror d\n"}}, 2),
            (std::vector<LogFinding>{{"error d", "web-1", 2}, {"error a", "web-1", 1}}));
}

}  // namespace
}  // namespace slipway::view
