#include "apiserver/read.h"

#include "apiserver/errors.h"
#include "base/strings.h"
#include "data/json.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

// Collects a page: up to `limit` matching objects, and what is known about the rest.
struct Page {
  const Selection& selection;
  std::int64_t limit;
  Listing& listing;
  std::int64_t left = 0;  // matching nothing in particular: only counted without selectors

  bool add(const store::EntryPtr& entry) {
    bool full = limit > 0 && static_cast<std::int64_t>(listing.entries.size()) == limit;
    if (!selection.matches(*entry)) return true;
    if (!full)
      listing.entries.push_back(entry);
    else
      ++left;
    return !full || selection.is_everything();
  }
};

Value list_metadata(const store::Snapshot& snapshot, const Page& page) {
  Value metadata = Value::object({{"resourceVersion", std::to_string(snapshot.revision())}});
  if (page.left == 0) return metadata;
  ContinueToken next{.revision = snapshot.revision(), .after = page.listing.entries.back()->key};
  metadata.set("continue", next.encode());
  if (page.selection.is_everything()) metadata.set("remainingItemCount", page.left);
  return metadata;
}

}  // namespace

std::string ContinueToken::encode() const {
  Value value = Value::object({{"v", "meta.k8s.io/v1"},
                               {"rv", static_cast<std::int64_t>(revision)},
                               {"space", after.space},
                               {"name", after.name}});
  return base::base64_encode(data::to_json(value));
}

base::Result<ContinueToken> ContinueToken::decode(const std::string& text) {
  auto bytes = base::base64_decode(text);
  auto value = bytes ? data::parse_json(*bytes) : base::Result<Value>(Value{});
  if (!value || (*value)["v"].as_string() != "meta.k8s.io/v1") return fail(bad_request("continue key is not valid"));
  ContinueToken token;
  token.revision = static_cast<store::Revision>((*value)["rv"].as_int());
  token.after = {.space = (*value)["space"].str(), .name = (*value)["name"].str()};
  return token;
}

base::Result<void> check_not_future(const Options& options, store::Revision current) {
  if (options.resource_version.empty()) return {};
  auto asked = base::parse_uint(options.resource_version);
  if (!asked) return fail(bad_request("resourceVersion \"" + options.resource_version + "\" is not a number"));
  if (*asked > current) return fail(too_large_version(*asked, current));
  return {};
}

base::Result<Response> get_object(const store::Snapshot& snapshot, const KindPtr& kind, const ApiRequest& request) {
  if (auto fine = check_not_future(request.options, snapshot.revision()); !fine) return fail(fine.error());
  store::Key key{kind->resource.qualified(), kind->resource.namespaced ? request.target.space : "",
                 request.target.name};
  auto entry = snapshot.find(key);
  if (entry == nullptr) return fail(not_found(kind->resource, request.target.name));
  return Response::of(kind, visible(*kind, *entry));
}

std::optional<base::Result<store::Revision>> wanted_revision(const Options& options) {
  if (!options.continue_token.empty()) {
    auto token = ContinueToken::decode(options.continue_token);
    if (!token) return fail(token.error());
    if (token->revision == 0) return std::nullopt;
    return token->revision;
  }
  if (options.version_match != VersionMatch::Exact) return std::nullopt;
  auto asked = base::parse_uint(options.resource_version);
  if (!asked || *asked == 0)
    return fail(bad_request("resourceVersionMatch=Exact needs a resourceVersion other than 0"));
  return *asked;
}

base::Result<Response> list_objects(const store::Snapshot& snapshot, const KindPtr& kind, const ApiRequest& request,
                                    const std::optional<ContinueToken>& from, ObjectBytes* bytes) {
  if (!from)
    if (auto fine = check_not_future(request.options, snapshot.revision()); !fine) return fail(fine.error());
  auto selection = Selection::of(*kind, request.target, request.options);
  if (!selection) return fail(selection.error());
  Listing listing{.kind = kind, .bytes = bytes};
  Page page{*selection, request.options.limit, listing};
  store::Key after{kind->resource.qualified(), from ? from->after.space : "", from ? from->after.name : ""};
  snapshot.scan(after.resource, request.target.space, from ? &after : nullptr,
                [&](const store::EntryPtr& entry) { return page.add(entry); });
  listing.metadata = list_metadata(snapshot, page);
  Response response;
  response.body = std::move(listing);
  return response;
}

Response expired_page(const ContinueToken& token) {
  Response response = Response::of(base::Error{.code = base::Code::Expired,
                                               .message = "The provided continue parameter is too old to display a "
                                                          "consistent list result. You can start a new list without "
                                                          "the continue parameter, or use the continue token in this "
                                                          "response to retrieve the remainder of the results."});
  auto& status = std::get<Single>(response.body).object;
  status.set({"metadata", "continue"}, ContinueToken{.revision = 0, .after = token.after}.encode());
  return response;
}

}  // namespace slipway::apiserver
