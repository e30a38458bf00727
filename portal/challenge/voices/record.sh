#!/bin/sh
# Records the digits anew, beside this script. Needs espeak-ng 1.51 and sox.
set -eu
cd "$(dirname "$0")"

# language, voice of espeak-ng, digit, what is said
say() {
  for take in a b c; do
    case $take in
      a) speed=115 pitch=45 ;;
      b) speed=130 pitch=62 ;;
      c) speed=105 pitch=32 ;;
    esac
    espeak-ng -v "$2" -s $speed -p $pitch -a 120 --stdout "$4" |
      sox -q -R -t wav - -b 16 "$1-$3-$take.wav" rate -v 16000 channels 1 \
        silence 1 0.005 0.2% fade t 0.004 reverse silence 1 0.005 0.2% fade t 0.01 reverse norm -3
  done
}

digit=0
for spoken in ling2 yao1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3; do
  say zh cmn-latn-pinyin $digit $spoken
  digit=$((digit + 1))
done

digit=0
for spoken in zero one two three four five six seven eight nine; do
  say en en-gb $digit $spoken
  digit=$((digit + 1))
done
