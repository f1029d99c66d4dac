// A Cohort as a plan uses it: a group of users by what their requests say. Pure.
//
// A user is a value of the key. Within a cohort a user's place is his bucket, a number from 0 to 9999 that his key
// alone decides: who is in at 10 % is in at 50 %. Where the router computes the bucket (our gateway does, from the
// header or cookie that the route is annotated with), the upper end of the buckets goes first; where a header carries
// it (spec.key.bucketHeader), the lower end does.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/value.h"
#include "delivery/plan/audience.h"
#include "delivery/plan/share.h"
#include "expr/predicate.h"

namespace slipway::delivery::plan {

struct Cohort {
  std::string name;                                  // empty: everybody who has the key
  std::optional<Source> key = {};                    // what says who a user is
  std::optional<Source> bucket = {};                 // what says the user's bucket; absent: the router computes it
  std::map<std::string, Source> attributes = {};     // names that `match` may use
  std::optional<expr::Predicate> match = {};         // absent: only `users`, or everybody where there are none
  std::vector<std::string> users = {}, except = {};  // in with any part of the cohort, and never; keys
  Share share = kWhole;                              // of those who match
  bool fallback_in = false;                          // requests without the key are in, as far as they match
  std::optional<Share> expected = {};                // of all requests that are this cohort's, as the user knows it
};

// Specs of Cohorts, by name.
using CohortSpecs = std::map<std::string, data::Value>;

// Of a spec that api::check_cohort has nothing against.
Cohort read_cohort(const std::string& name, const data::Value& spec);
// {header, cookie, query, bucketHeader}: of spec.key, and of an attribute.
std::optional<Source> read_source(const data::Value& v);
std::optional<Source> read_bucket(const data::Value& key);

// Where a comparison's attribute is in a request.
Source source_of(const Cohort& cohort, const expr::Comparison& comparison);

// Everything in a request that it looks at: key, bucket, attributes, and what its match compares.
std::vector<Source> sources_of(const Cohort& cohort);

// What a request says: the value of a source; nullopt where it has none.
using Request = std::function<std::optional<std::string>(const Source&)>;
// Which part of the users who say the same is in, and the sentence that says why: "region in ... holds".
struct Membership {
  Share share;
  std::string why;
  bool always = false;  // however small a part of the cohort is asked for: listed users, and nobody to tell apart
};
Membership membership(const Cohort& cohort, const Request& request);
// The same for requests of which only this is known.
struct Facts {
  bool has_key = false, is_user = false, is_excepted = false;
  std::function<bool(const expr::Comparison&)> holds;
};
Membership membership(const Cohort& cohort, const Facts& facts);

// What is let in of those who say the same when this part of the cohort is.
Share let_in(const Membership& member, Share part);

// A part of a cohort's members.
struct Grant {
  std::string cohort;  // empty: everybody who has the key
  Share share = kWhole;
  bool operator==(const Grant&) const = default;
};
std::string to_text(const Grant& grant);  // "staff", "10 % of germany", "5 % of everybody"
std::string to_text(const std::vector<Grant>& grants);
// What these let in holds all of that.
bool covers(const std::vector<Grant>& grants, const Grant& grant);

// A part of a part, to the nearest hundredth of a percent; of something never nothing.
Share part_of(Share whole, Share part);

}  // namespace slipway::delivery::plan
