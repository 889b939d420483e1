#include "media/mailbox.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

class MailboxTest : public testing::Test {
 protected:
  Frame make_frame(uint64_t sequence) {
    return Frame{.jpeg = pool_.take(10), .sequence = sequence};
  }

  BufferPool pool_{1};
  Mailbox mailbox_;
};

TEST_F(MailboxTest, BeginsEmpty) {
  EXPECT_TRUE(mailbox_.empty());
  EXPECT_FALSE(mailbox_.front());
  EXPECT_FALSE(mailbox_.take());
}

TEST_F(MailboxTest, HoldsTheNewestFrameAndCountsTheOthers) {
  for (uint64_t sequence = 1; sequence <= 4; ++sequence) mailbox_.put(make_frame(sequence));
  EXPECT_EQ(mailbox_.replaced(), 3u);
  EXPECT_EQ(mailbox_.front().sequence, 4u);
  EXPECT_FALSE(mailbox_.empty());
}

TEST_F(MailboxTest, IsEmptyOnceItsFrameIsTaken) {
  mailbox_.put(make_frame(1));
  EXPECT_EQ(mailbox_.take().sequence, 1u);
  EXPECT_TRUE(mailbox_.empty());
  EXPECT_FALSE(mailbox_.take());
  mailbox_.put(make_frame(2));
  EXPECT_EQ(mailbox_.replaced(), 0u) << "the one before was taken";
}

TEST_F(MailboxTest, LetsTheFrameThatIsReplacedGo) {
  Frame old = make_frame(1);
  mailbox_.put(old);
  mailbox_.put(make_frame(2));
  old.jpeg.set_size(0);  // checks that nobody else holds it
}

TEST_F(MailboxTest, SharesTheBytesOfAFrame) {
  Frame frame = make_frame(1);
  mailbox_.put(frame);
  EXPECT_EQ(mailbox_.take().jpeg.bytes().data(), frame.jpeg.bytes().data());
}

}  // namespace
}  // namespace camloop
