/**
 * For the script of a stand-in for ffmpeg: `show(width, height)` says what the next frames are and returns a function that
 * writes one, grey, as ffmpeg does with showinfo.
 */
export const showing = `
const show = (width, height, rate = 10) => {
  let n = 0;
  const say = (text) => fs.writeSync(2, '[showinfo@out @ 0x55] [info] ' + text + '\\n');
  say('config in time_base: 1/' + rate + ', frame_rate: ' + rate + '/1');
  return (grey = 0) => {
    say('n: ' + n + ' pts: ' + n++ + ' pts_time:0 pos: 0 fmt:yuv420p sar:1/1 s:' + width + 'x' + height + ' i:P iskey:1 type:I ');
    say('color_range:tv color_space:unknown color_primaries:unknown color_trc:unknown');
    fs.writeSync(1, Buffer.alloc(width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2), grey));
  };
};
`;
