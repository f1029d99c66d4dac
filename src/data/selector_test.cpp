#include "data/selector.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::data {
namespace {

bool label_match(std::string_view selector, const char* labels) {
  const auto parsed = LabelSelector::parse(selector);
  EXPECT_TRUE(parsed) << selector << (parsed ? "" : parsed.error().message);
  return parsed && parsed->matches(*parse_json(labels));
}

TEST(LabelSelector, MatchesQuerySyntax) {
  const char* const web = R"({"app":"web","tier":"front","example.com/x":""})";
  for (const char* yes : {"", " ", "app=web", "app==web", "app = web , tier=front", "app!=db", "none!=x",
                          "app in (web,db)", "app in(db, web)", "app notin (db)", "none notin (a)", "app", "!none",
                          "! none", "example.com/x=", "example.com/x", "app in (web),tier"})
    EXPECT_TRUE(label_match(yes, web)) << yes;
  for (const char* no :
       {"app=db", "app!=web", "none", "!app", "app in (db)", "app in ()", "app notin (web,x)", "app=web,none", "none="})
    EXPECT_FALSE(label_match(no, web)) << no;
  EXPECT_TRUE(label_match("in in (in)", R"({"in":"in"})"));
  EXPECT_TRUE(label_match("!a", "null"));
}

TEST(LabelSelector, SyntaxErrors) {
  for (const char* bad : {"=", "a=b=c", "a,", ",a", "a in", "a in b", "a in (b", "a b", "!", "!a=b", "a>1", "-a=b",
                          "a=-b", "a/b/c", "UP.com/x", "a=(b)", "a in (b))", "a.-b/c", "a b c"}) {
    const auto parsed = LabelSelector::parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, base::Code::BadRequest);
  }
  EXPECT_FALSE(LabelSelector::parse("a=" + std::string(64, 'x')));
  EXPECT_TRUE(LabelSelector::parse("a=" + std::string(63, 'x')));
}

TEST(LabelSelector, TextReadsBack) {
  const auto s = LabelSelector::parse("z in (b,a,b),!y,x!=1,w=2,v notin (q,p),u");
  ASSERT_TRUE(s);
  EXPECT_EQ(s->text(), "u,v notin (p,q),w=2,x!=1,!y,z in (a,b)");
  EXPECT_EQ(*LabelSelector::parse(s->text()), *s);
}

TEST(LabelSelector, FromObject) {
  const auto read = [](const char* text) { return LabelSelector::from_value(*parse_json(text)); };
  const Value web = Value::object({{"app", "web"}});
  EXPECT_FALSE(read("null")->matches(web));
  EXPECT_FALSE(LabelSelector::parse(read("null")->text())->matches(web));
  EXPECT_TRUE(read("{}")->matches(web));
  EXPECT_TRUE(read("{}")->is_empty());
  EXPECT_FALSE(read("null")->is_empty());
  const auto s = read(R"({"matchLabels":{"app":"web"},"matchExpressions":[{"key":"old","operator":"DoesNotExist"},
                          {"key":"app","operator":"In","values":["db","web"]}]})");
  ASSERT_TRUE(s);
  EXPECT_TRUE(s->matches(web));
  EXPECT_FALSE(s->matches(web.with("old", "")));
  for (const char* bad : {R"({"matchExpressions":[{"key":"a","operator":"Is"}]})",
                          R"({"matchExpressions":[{"key":"a","operator":"In"}]})",
                          R"({"matchExpressions":[{"key":"a","operator":"Exists","values":["x"]}]})"})
    EXPECT_EQ(read(bad).error().code, base::Code::Invalid) << bad;
  EXPECT_EQ(LabelSelector::of(web).text(), "app=web");
  EXPECT_TRUE(LabelSelector::of(Value()).matches(web));
}

TEST(FieldSelector, Matches) {
  const Value pod =
      *parse_json(R"({"metadata":{"name":"web-1"},"spec":{"hostNetwork":true,"n":3},"status":{"phase":"Running"}})");
  const auto match = [&](std::string_view text) { return FieldSelector::parse(text)->matches(pod); };
  for (const char* yes : {"", "metadata.name=web-1", "metadata.name==web-1,status.phase!=Pending",
                          "spec.nodeName=", "spec.hostNetwork=true", "spec.n=3", "spec.nodeName!=a"})
    EXPECT_TRUE(match(yes)) << yes;
  for (const char* no : {"metadata.name=web", "metadata.name!=web-1", "spec.nodeName!=", "metadata.name.x=a"})
    EXPECT_FALSE(match(no)) << no;
  for (const char* bad : {"a", "=x", "a=b=c", "a=b\\", "a=b\\x", "!=x"}) EXPECT_FALSE(FieldSelector::parse(bad)) << bad;
  const auto s = FieldSelector::parse("a=x\\,y\\=z\\\\,b!=c");
  ASSERT_TRUE(s);
  EXPECT_EQ(s->terms(), (std::vector<FieldSelector::Term>{{"a", true, "x,y=z\\"}, {"b", false, "c"}}));
  EXPECT_EQ(s->required("a"), "x,y=z\\");
  EXPECT_EQ(s->required("b"), "");
}

}  // namespace
}  // namespace slipway::data
