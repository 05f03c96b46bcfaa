#!/bin/sh
# sh store_account.sh [renew]: gives MLflow an account of its own on the object store, which lists, reads, writes and
# deletes in its bucket and does nothing else, and writes the keys where MLflow reads them. Needs a store that can be
# administered by its own `mc`: where that fails MLflow gets the keys of the store's root, and this says so.
# Keys of somebody else's store, or of an account that you made (MINIO_ROOT_USER), are MLflow's as they are.
# The store's image has no more than a shell and coreutils; keys are in no command line, which all of a machine can read.
set -eu
keys=${KEYS_FILE:-/store/credentials}
account=readmission-mlflow
export MC_HOST_store="http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@minio:9000"

write() { # ACCESS_KEY SECRET_KEY
    printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "$2" > "$keys.new"
    mv "$keys.new" "$keys"
}

known() { # the account's secret key, where it was made before
    [ -r "$keys" ] || return 0
    while read -r name _ value; do
        case $name in
            aws_access_key_id) [ "$value" = "$account" ] || return 0 ;;
            aws_secret_access_key) echo "$value" ;;
        esac
    done < "$keys"
}

policy() {
    cat << END
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Resource": ["arn:aws:s3:::$BUCKET"],
   "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]},
  {"Effect": "Allow", "Resource": ["arn:aws:s3:::$BUCKET/*"],
   "Action": ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]}
]}
END
}

make() { # SECRET_KEY
    file=$(mktemp)
    policy > "$file"
    printf '%s\n%s\n' "$account" "$1" | mc admin user add store || return 1
    mc admin policy create store "$account" "$file" || return 1
    said=$(mc admin policy attach store "$account" --user "$account" 2>&1) && return 0
    case $said in *"already in effect"*) return 0 ;; *) echo "$said" && return 1 ;; esac
}

if [ "$MLFLOW_S3_ENDPOINT_URL" != http://minio:9000 ] || [ "$MINIO_ROOT_USER" != "$AWS_ACCESS_KEY_ID" ]; then
    write "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
    echo "MLflow's keys of the object store are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    exit
fi
secret=$(known)
[ "${1:-}" != renew ] || secret=""
[ -n "$secret" ] || secret=$(head -c 90 /dev/urandom | base64 | tr -dc A-Za-z0-9 | head -c 40)
if said=$(make "$secret" 2>&1); then
    write "$account" "$secret"
    echo "MLflow's account of the object store is $account, for the bucket $BUCKET alone"
elif [ -n "$(known)" ]; then
    echo "MLflow's account of the object store is left as it is: $said"
else
    write "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD"
    echo "NOT PROVEN: MLflow has the keys of the object store's root, which cannot be administered here: $said"
fi
