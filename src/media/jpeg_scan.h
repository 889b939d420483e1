// What is inside a JPEG, without decoding it: is it whole, how large is the picture, and what must
// be mended before every client can show it. Markers: ITU-T T.81, Annex B.
#pragma once

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/result.h"

namespace camloop {

/// What scan_jpeg() found. Offsets count from the first byte given.
struct JpegLayout {
  int width = 0;
  int height = 0;
  bool has_huffman_tables = false;  // before the first scan; many UVC cameras leave DHT out
  bool has_metadata = false;        // what repair_jpeg() leaves out: it may hold a thumbnail's SOI
  size_t sos = 0;                   // offset of the first SOS marker
  size_t end = 0;                   // offset behind EOI; what follows is padding
};

/// Reads every marker up to EOI, those within the scans too, so that a frame cut short and followed
/// by the next one is told from a whole one. The Error says what is wrong: no SOI, a segment that
/// runs over the end, no frame header, no scan, no EOI (cut short), a size of 0, more than one
/// frame, a coding other than baseline, extended or progressive Huffman, which browsers do not
/// show.
Result<JpegLayout> scan_jpeg(Bytes bytes);

/// A copy of `bytes` that every client can show: DHT inserted where it is missing (T.81 Annex K.3,
/// the tables that MJPEG implies), metadata and padding left out. Of APPn there stay JFIF without
/// its thumbnail, and Adobe, which says how the colours are coded; a comment stays unless it holds
/// a byte 0xff. Fails as scan_jpeg() does; does its work itself, so do not call both. `layout`,
/// where given, receives what was found in `bytes`.
Result<BufferRef> repair_jpeg(Bytes bytes, BufferPool& pool, JpegLayout* layout = nullptr);

}  // namespace camloop
