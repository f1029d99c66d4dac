#include "http/request_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace slipway::http {
namespace {
using base::Code;

const std::string kPost = "POST /api?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-Two: 1\r\nX-Two: 2\r\n\r\nhello";
const std::string kChunked =
    "PUT /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
const std::string kGet = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

Code failure(std::string text, const ReadLimits& limits = {}) {
  RequestReader reader(limits);
  const auto result = reader.feed(text);
  return result ? Code::Canceled : result.error().code;
}

// However the bytes arrive, the same requests come out.
RC_GTEST_PROP(RequestReader, CutsAnywhereMakeNoDifference, ()) {
  const std::string all = kPost + kChunked + "\r\n" + kGet + kPost;
  RequestReader reader({});
  std::string input;
  std::vector<Request> requests;
  for (std::size_t at = 0; at < all.size();) {
    const auto n = std::min(*rc::gen::inRange<std::size_t>(1, 40), all.size() - at);
    input += all.substr(at, n);
    at += n;
    for (;;) {
      const auto complete = reader.feed(input);
      RC_ASSERT(complete.has_value());
      if (!*complete) break;
      requests.push_back(reader.take());
    }
  }
  RC_ASSERT(requests.size() == 4u);
  RC_ASSERT(requests[0].method == "POST");
  RC_ASSERT(requests[0].target == "/api?x=1");
  RC_ASSERT(requests[0].headers.all().size() == 4u);
  RC_ASSERT(requests[0].body == "hello");
  RC_ASSERT(requests[1].body == "abcdefg");
  RC_ASSERT(requests[2].headers.get("Host") == "a");
  RC_ASSERT(requests[3].body == "hello");
}

TEST(RequestReader, RefusesWhatCouldBeReadInTwoWays) {
  EXPECT_EQ(failure("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Code::BadRequest);
  EXPECT_EQ(failure("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"), Code::BadRequest);
  EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), Code::BadRequest);
  EXPECT_EQ(failure("GET / HTTP/1.1\r\n\r\n"), Code::BadRequest);
  EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), Code::BadRequest);
  EXPECT_EQ(failure("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), Code::BadRequest);
  EXPECT_EQ(failure("\x16\x03\x01\x02\x00\x01\x00"), Code::BadRequest);
}

TEST(RequestReader, KeepsItsLimits) {
  const ReadLimits limits{.header_bytes = 200, .body_bytes = 10};
  EXPECT_EQ(failure("GET /" + std::string(300, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits), Code::Invalid);
  EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(300, 'a'), limits), Code::Invalid);
  EXPECT_EQ(failure("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", limits), Code::TooLarge);
  EXPECT_EQ(failure("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n", limits),
            Code::TooLarge);
}

TEST(RequestReader, KnowsWhoWantsToBeAskedForTheBody) {
  RequestReader reader({});
  std::string input = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
  EXPECT_FALSE(*reader.feed(input));
  EXPECT_TRUE(reader.wants_continue());
  EXPECT_FALSE(reader.wants_continue());
  input += "x";
  EXPECT_TRUE(*reader.feed(input));
}

TEST(RequestReader, KnowsWhetherTheConnectionGoesOn) {
  const auto keeps = [](std::string text) {
    RequestReader reader({});
    EXPECT_TRUE(*reader.feed(text));
    (void)reader.take();
    return reader.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(Target, IsDecoded) {
  const auto t = *parse_target("/a%2Fb+c?labelSelector=app%3Dweb+x&watch&empty=&&a=b=c");
  EXPECT_EQ(t.path, "/a/b+c");
  EXPECT_EQ(t.param("labelSelector"), "app=web x");
  EXPECT_EQ(t.param("a"), "b=c");
  EXPECT_EQ(t.query.size(), 4u);
  EXPECT_FALSE(parse_target("/%zz"));
  EXPECT_FALSE(parse_target("/%2"));
  EXPECT_FALSE(parse_target("/a%00"));
  EXPECT_FALSE(parse_target("http://x/"));
  EXPECT_EQ(parse_target("/" + percent_encode("a/b c%\xc3\xa4"))->path, "/a/b c%\xc3\xa4");
}

TEST(Headers, CompareNamesWithoutCaseAndReadLists) {
  Headers h{{"Accept-Encoding", "br;q=0.5, GZIP"}, {"X", "1"}};
  EXPECT_TRUE(h.lists("accept-encoding", "gzip"));
  EXPECT_FALSE(h.lists("accept-encoding", "zip"));
  h.set("x", "2");
  EXPECT_EQ(h.get("X"), "2");
  EXPECT_EQ(h.all().size(), 2u);
}

}  // namespace
}  // namespace slipway::http
