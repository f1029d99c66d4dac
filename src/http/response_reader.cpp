#include "http/response_reader.h"

#include <boost/beast/http/basic_parser.hpp>

namespace slipway::http {
namespace beast = boost::beast::http;
using boost::system::error_code;
using View = boost::beast::string_view;

struct ResponseReader::Parser final : beast::basic_parser<false> {
  Response response;
  const std::function<void(std::string_view)>* data = nullptr;

 private:
  void on_request_impl(beast::verb, View, View, int, error_code&) override {}
  void on_response_impl(int status, View, int, error_code&) override { response.status = status; }
  void on_field_impl(beast::field, View name, View value, error_code&) override {
    response.headers.add(std::string(name), std::string(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(View body, error_code&) override {
    (*data)({body.data(), body.size()});
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code& ec) override { return on_body_impl(body, ec); }
  void on_finish_impl(error_code&) override {}
};

ResponseReader::ResponseReader(std::size_t header_bytes, bool head_only)
    : header_bytes_(header_bytes), head_only_(head_only) {}
ResponseReader::~ResponseReader() = default;

namespace {
std::unexpected<base::Error> broken(const std::string& why) {
  return base::fail(base::Code::Unavailable, "malformed response: " + why);
}
}  // namespace

base::Result<bool> ResponseReader::feed(std::string& input, const std::function<void(std::string_view)>& data) {
  std::size_t used = 0;
  error_code ec;
  while (used < input.size() || (parser_ && parser_->is_done())) {
    if (!parser_) {
      parser_ = std::make_unique<Parser>();
      parser_->header_limit(static_cast<std::uint32_t>(header_bytes_));
      parser_->body_limit(boost::none);
      parser_->skip(head_only_);
    }
    parser_->data = &data;
    if (!parser_->is_done()) {
      const std::size_t n = parser_->put({input.data() + used, input.size() - used}, ec);
      used += n;
      if (ec == beast::error::need_more || (!ec && n == 0 && !parser_->is_done())) break;
      if (ec) return broken(ec.message());
    }
    if (!parser_->is_done()) continue;
    if (parser_->response.status >= 200) break;
    parser_.reset();  // 100 Continue and its like: the real one follows
  }
  input.erase(0, used);
  return parser_ && parser_->is_done();
}

base::Result<void> ResponseReader::finish() {
  if (!parser_) return broken("the connection was closed without an answer");
  error_code ec;
  parser_->put_eof(ec);
  if (ec || !parser_->is_done()) return broken("the connection was closed in the middle");
  return {};
}

bool ResponseReader::has_head() const {
  return parser_ && parser_->is_header_done() && parser_->response.status >= 200;
}
Response& ResponseReader::head() { return parser_->response; }
bool ResponseReader::keep_alive() const { return parser_ && parser_->is_done() && parser_->keep_alive(); }

}  // namespace slipway::http
