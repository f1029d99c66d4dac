#include "gateway/emitter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>

#include "gateway/config.h"
#include "gateway/files.h"
#include "gateway/model.h"
#include "gateway/test_world.h"
#include "runtime/child.h"

namespace slipway::gateway {
namespace {

// How the proxy splits a line into arguments (manual, 2.2): quotes, backslashes, comments.
std::vector<std::string> split_as_proxy(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  bool quoted = false, any = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
      any = true;
    } else if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any) out.push_back(word);
      word.clear();
      any = false;
    } else {
      EXPECT_FALSE(c == '#' && !quoted) << "a comment begins in " << line;
      EXPECT_FALSE(c == '$') << "a variable is expanded in " << line;
      word += c;
      any = true;
    }
  }
  EXPECT_FALSE(quoted) << line;
  if (any) out.push_back(word);
  return out;
}

rc::Gen<std::string> plain_text() {
  auto letter = rc::gen::suchThat<char>([](char c) { return is_plain_text(std::string(1, c)); });
  auto nasty = rc::gen::element('"', '\\', '$', '#', '\'', '%', '{', '}', ' ', '^', '[', ']', '(', ')', '|', ';');
  return rc::gen::container<std::string>(rc::gen::oneOf(letter, nasty));
}

RC_GTEST_PROP(Emitter, QuotedTextStaysOneArgument, ()) {
  std::string text = *plain_text();
  std::string out;
  Line(out).word("acl").quoted(text).word("end");
  RC_ASSERT(out.find('\n') == out.size() - 1);
  auto words = split_as_proxy(std::string_view(out).substr(0, out.size() - 1));
  RC_ASSERT(words == (std::vector<std::string>{"acl", text, "end"}));
}

RC_GTEST_PROP(Emitter, FormatsExpandNothing, ()) {
  std::string text = *plain_text();
  std::string out;
  Line(out).format(text);
  auto words = split_as_proxy(std::string_view(out).substr(0, out.size() - 1));
  std::string expanded;
  for (std::size_t i = 0; i < words.at(0).size(); ++i) {
    if (words[0][i] == '%') RC_ASSERT(words[0].at(++i) == '%');
    expanded += words[0][i];
  }
  RC_ASSERT(expanded == text);
}

// The real proxy accepts what is written for routes of any plain text.
TEST(Emitter, TheProxyAcceptsEveryRoute) {
  if (!test::has_program("haproxy")) GTEST_SKIP() << "haproxy is not installed (Debian package haproxy)";
  char dir[] = "/tmp/slipway-emitter-XXXXXX";
  ASSERT_NE(mkdtemp(dir), nullptr);
  ConfigPaths paths{.weights = std::string(dir) + "/w",
                    .slots = std::string(dir) + "/s",
                    .salts = std::string(dir) + "/t",
                    .log_socket = std::string(dir) + "/l"};
  for (const auto& map : {paths.weights, paths.slots, paths.salts}) std::ofstream(map) << "";
  std::vector<Route> routes;
  auto texts = rc::gen::container<std::vector<std::string>>(40, plain_text())(rc::Random(20261123), 40).value();
  texts.insert(texts.end(),
               {"%[env(HOME)]", "%%", "\\", "\"", "'", "$HOME", "#", "-i", "--", "{ a }", "}", "!", " ", "\\1"});
  for (const std::string& text : texts) {
    if (text.empty()) continue;  // refused
    using data::Value;
    Value match = Value::object(
        {{"path", Value::object({{"type", "Exact"}, {"value", "/" + text}})},
         {"headers", Value::array({Value::object({{"name", "x-" + std::to_string(routes.size())}, {"value", text}})})},
         {"queryParams", Value::array({Value::object({{"name", "q"}, {"value", text}})})}});
    Value changes = Value::object({{"set", Value::array({Value::object({{"name", "x"}, {"value", text}})})}});
    Value filters =
        Value::array({Value::object({{"type", "RequestHeaderModifier"}, {"requestHeaderModifier", changes}})});
    Value spec = Value::object(
        {{"parentRefs", Value::array({Value::object({{"name", "g"}})})},
         {"rules", Value::array({Value::object({{"matches", Value::array({match})}, {"filters", filters}})})}});
    Value meta = Value::object({{"namespace", "n"}, {"name", "r" + std::to_string(routes.size())}});
    routes.push_back(parse_route(Value::object({{"metadata", meta}, {"spec", spec}})));
    EXPECT_FALSE(routes.back().problem) << text;
  }
  auto desired = desire(routes, {}, {.gateway_binds = {"127.0.0.1:1"}, .gateway_port = 80});
  std::ofstream(std::string(dir) + "/haproxy.cfg") << write_config(desired.structure, {}, paths);
  auto checked = runtime::run_program({*find_program("haproxy"), "-c", "-f", std::string(dir) + "/haproxy.cfg"},
                                      {.output_path = std::string(dir) + "/said"});
  std::ifstream said(std::string(dir) + "/said");
  EXPECT_EQ(checked->status, 0) << std::string(std::istreambuf_iterator<char>(said), {});
  std::filesystem::remove_all(dir);
}

TEST(Emitter, ControlCharactersAreBugsHere) {
  std::string out;
  EXPECT_DEATH(quote("a\nb"), "");
  EXPECT_DEATH(quote(std::string_view("a\0b", 3)), "");
  EXPECT_DEATH(Line(out).word("a b"), "");
  EXPECT_DEATH(Line(out).word(""), "");
  EXPECT_DEATH(socket_word("a;b"), "");
}

TEST(Emitter, RegexEscapesEverythingSpecial) { EXPECT_EQ(escape_regex("/a.b*c(d)"), "/a\\.b\\*c\\(d\\)"); }

}  // namespace
}  // namespace slipway::gateway
