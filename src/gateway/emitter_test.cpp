#include "gateway/emitter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gateway/config.h"
#include "gateway/model.h"

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
